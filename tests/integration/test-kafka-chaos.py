#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Four cameras, ten minutes of frames, and everything at once: clocks that are wrong for a while, frames that a lowered
limit of a topic refuses, a broker that is killed twice, a topic that is made anew. The counters close, each loss has its
entry with frame id and reason, and the verifier counts what the sinks count (ARIA-1, ARIA-5)."""

import collections
import os
import sys
import time

import sinktest
import tap
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource
from gi.repository import Gst

t = tap.Tap()
PREFIX, ANEW = "chaos-", "anew-"
SECONDS, RATE, CAMERAS = 600, 30, 4
FRAMES = SECONDS * RATE
FRAME_BYTES, LARGE_BYTES = 2000, 60000
LARGE_EVERY = 500
LIMIT = 40000
HOUR = 3600 * 10**9
UNIX = Gst.Caps.from_string("timestamp/x-unix")
PAYLOAD = os.urandom(LARGE_BYTES)
# of camera 1 and 2: from where to where a clock is wrong, and by how much
WRONG = {1: ((3000, 5000, 2 * HOUR), (9000, 9400, 30 * 24 * HOUR)), 2: ((7000, 12000, -48 * HOUR),)}


class Camera:
    def __init__(self, number, prefix=PREFIX):
        self.number = number
        self.run = sinktest.Run(sinktest.push_pipeline("image/jpeg,width=64,height=48"), t.kafka.bootstrap, prefix,
                                session_id="chaos", stream_id=f"cam{number}", delivery_timeout_ms=300000,
                                drain_timeout_ms=300000).play()
        self.began = time.time_ns() - SECONDS * 10**9
        self.pushed = 0

    def push(self, end):
        """Frames up to @end; those that a lowered limit refuses are every LARGE_EVERY-th."""
        for n in range(self.pushed, end):
            data = PAYLOAD[:LARGE_BYTES] if n % LARGE_EVERY == LARGE_EVERY - 1 else PAYLOAD[n % 1000:n % 1000 + FRAME_BYTES]
            buffer = Gst.Buffer.new_wrapped(data)
            wrong = sum(by for first, last, by in WRONG.get(self.number, ()) if first <= n < last)
            buffer.add_reference_timestamp_meta(UNIX, self.began + n * 10**9 // RATE + wrong, Gst.CLOCK_TIME_NONE)
            tap.equal(self.run.source.emit("push-buffer", buffer), Gst.FlowReturn.OK, f"push of camera {self.number}")
        self.pushed = end

    def settled(self, frames):
        def done(stats):
            return stats["acknowledged"] + stats["failed"] + stats["dropped"] >= frames
        return self.run.wait(done, f"camera {self.number}: {frames} frames to have an outcome", 240)


def everywhere(cameras, end):
    for camera in cameras:
        camera.push(end)


def settled(cameras, frames):
    for camera in cameras:
        camera.settled(frames)


def lower_limit():
    admin = AdminClient({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    resource = ConfigResource(ConfigResource.Type.TOPIC, PREFIX + sinktest.BINARY, {"max.message.bytes": str(LIMIT)})
    for future in admin.alter_configs([resource]).values():
        future.result(30)


def make_anew(topic, camera):
    """Frames flow meanwhile."""
    admin = AdminClient({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    for future in admin.delete_topics([topic]).values():
        future.result(30)
    camera.push(1200)

    def created():
        try:
            t.kafka.create_topic(topic)
            return True
        except KafkaException as why:
            # a client that asks for it may have made the broker make it
            return why.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
    tap.wait_until(created, 60, f"{topic} to be made anew")


def kill(cameras, end):
    """The broker dies in the middle of the flow and returns."""
    t.kafka.sigkill()
    everywhere(cameras, end)
    cameras[0].run.wait(lambda _: "down" in [c["state"] for c in cameras[0].run.connections[-2:]], "the outage", 60)
    t.kafka.start()


def check_entries(cameras, stats):
    """One entry a frame, and of each that failed its reason."""
    entries = [record.json for record in sinktest.read_topic(t.kafka.bootstrap, PREFIX + sinktest.REGISTRY)]
    for camera, counted in zip(cameras, stats):
        own = [entry for entry in entries if entry["stream_id"] == f"cam{camera.number}"]
        twice = [n for n, count in collections.Counter(e["frame_index"] for e in own).items() if count > 1]
        tap.equal(twice, [], f"camera {camera.number}: indexes with two entries")
        failed = {entry["frame_index"]: entry for entry in own if entry["status"] == "FAILED"}
        tap.equal(len(own) - len(failed), counted["acknowledged"], f"camera {camera.number}: LINKED entries")
        tap.equal(len(failed) + counted["loss-records-failed"], counted["failed"], f"camera {camera.number}: FAILED entries")
        tap.true(all(e["error_message"] for e in failed.values()), f"camera {camera.number}: reasons {failed}")
        tap.true(all(n % LARGE_EVERY == LARGE_EVERY - 1 for n in failed), f"camera {camera.number}: {sorted(failed)} failed")


@t.test("clocks, limits and two kills: only frames over the limit fail, each named; verifier and stats agree (ARIA-5)")
def _():
    for topic in sinktest.TOPICS[:3]:
        t.kafka.create_topic(PREFIX + topic, 2)
    cameras = [Camera(number) for number in range(CAMERAS)]
    everywhere(cameras, FRAMES // 4)
    settled(cameras, FRAMES // 4)
    kill(cameras, FRAMES // 3)
    settled(cameras, FRAMES // 3)
    lower_limit()
    everywhere(cameras, FRAMES // 2)
    # a batch whose answer dies with the broker, and that is then refused, is written twice
    settled(cameras, FRAMES // 2)
    kill(cameras, FRAMES * 3 // 4)
    settled(cameras, FRAMES * 3 // 4)
    everywhere(cameras, FRAMES)
    for camera in cameras:
        camera.run.end()
    for camera in cameras:
        camera.run.wait_eos(240)
    stats = [camera.run.stop()[0] for camera in cameras]
    for camera, counted in zip(cameras, stats):
        t.diag(f"camera {camera.number}: " + ", ".join(f"{k} {v}" for k, v in counted.items() if isinstance(v, int) and v))
        tap.equal((counted["produced"], counted["pending"], counted["dropped"]), (FRAMES, 0, 0), f"camera {camera.number}")
        tap.equal(camera.run.lost(), counted["failed"], f"camera {camera.number}: losses reported on the bus")
    check_entries(cameras, stats)
    report = sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", PREFIX, status=1)
    tap.equal((report["proven"], report["failed"]), (sum(s["acknowledged"] for s in stats), sum(s["failed"] for s in stats)),
              "proven and failed of the verifier")


@t.test("a topic made anew while frames flow: they wait for it, the verifier finds what went (ARIA-5)")
def _():
    for topic in sinktest.TOPICS[:3]:
        t.kafka.create_topic(ANEW + topic)
    camera = Camera(0, ANEW)
    camera.push(600)
    camera.settled(600)
    make_anew(ANEW + sinktest.BINARY, camera)
    camera.settled(camera.pushed)
    camera.push(camera.pushed + 600)
    camera.run.end()
    camera.run.wait_eos(240)
    counted = camera.run.stop()[0]
    t.diag(", ".join(f"{k} {v}" for k, v in counted.items() if isinstance(v, int) and v))
    tap.equal((counted["produced"], counted["acknowledged"], counted["failed"]), (camera.pushed, camera.pushed, 0), "frames")
    tap.equal(camera.run.lost(), counted["failed"], "losses reported on the bus")
    entries = [record.json for record in sinktest.read_topic(t.kafka.bootstrap, ANEW + sinktest.REGISTRY)]
    linked = [entry for entry in entries if entry["status"] == "LINKED"]
    tap.equal(len(linked), counted["acknowledged"], "LINKED entries")
    tap.equal(len(entries) - len(linked) + counted["loss-records-failed"], counted["failed"], "FAILED entries")
    report = sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", ANEW, status=1)
    t.diag(str({k: v for k, v in report.items() if isinstance(v, int) and v}))
    gone = sum(report[name] for name in ("mismatched", "missing", "expired"))
    tap.equal((report["proven"] + gone, report["failed"]), (len(linked), len(entries) - len(linked)), "proven, gone; failed")


if __name__ == "__main__":
    sys.exit(sinktest.main(t, "chaos"))
