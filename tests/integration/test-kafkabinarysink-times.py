#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kafkabinarysink and times of records: what a broker refuses for its time takes nothing with it, and capture times ahead of
now are no reason to refuse (ARIA-1, ARIA-5)."""

import os
import re
import sys
import time

import sinktest
import tap
from apache_kafka import VERSION
from sinktest import Gst

t = tap.Tap()
THREE = (sinktest.METADATA, sinktest.BINARY, sinktest.REGISTRY)


@t.test("the broker is of the version that was asked for")
def _():
    with open(t.kafka.log_path, encoding="utf-8", errors="replace") as log:
        version = re.search(r"Kafka version: (\S+)", log.read()).group(1)
    tap.equal(version, VERSION or version, "version")
    t.diag(f"Apache Kafka {version}")


@t.test("frames of a time that the topics do not take among good ones: they alone are refused (ARIA-5)")
def _():
    for name in THREE:
        config = {"message.timestamp.before.max.ms": 3600000} if name != sinktest.REGISTRY else None
        t.kafka.create_topic("old-" + name, config=config)
    unix, now, old = Gst.Caps.from_string("timestamp/x-unix"), time.time_ns(), (20, 50, 51)
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, "old-", session_id="s_1") as run:
        run.play()
        for i in range(90):
            buffer = Gst.Buffer.new_wrapped(os.urandom(2000))
            age_ns = 7200 * 1000000000 if i in old else 0
            buffer.add_reference_timestamp_meta(unix, now + i * 1000000 - age_ns, Gst.CLOCK_TIME_NONE)
            run.source.emit("push-buffer", buffer)
        run.end()
        run.wait_eos()
        stats, _ = run.stop()
    good = [i for i in range(90) if i not in old]
    tap.equal((stats["acknowledged"], stats["failed-refused"], stats["failed"]), (len(good), len(old), len(old)), "outcomes")
    tap.equal((stats["loss-records"], stats["loss-records-failed"]), (len(old), 0), "FAILED entries")
    tap.true(stats["retried-alone"] > 0, "records that went alone")
    arrived = sinktest.Arrived(t.kafka.bootstrap, "old-")
    tap.equal([entry["frame_index"] for entry in arrived.linked], good, "LINKED entries")
    tap.equal([entry["frame_index"] for entry in arrived.failed], list(old), "FAILED entries")
    runs = [record.json for record in sinktest.read_topic(t.kafka.bootstrap, "old-vrs-frame-runs")]
    tap.equal([(run["session_id"], run["first_index"], run["last_index"], run["sent"], run["linked"], run["failed"])
               for run in runs], [("s_1", 0, 89, 90, len(good), len(old))], "what the run said at its end")
    proof = sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", "old-", status=1)
    tap.equal((proof["sent"], proof["proven"], proof["failed_by_reason"]), (90, len(good), {"refused": len(old)}),
              "what the verifier found")


@t.test("two hours of frames at one a second, faster than real time: all arrive, times of capture and of records (ARIA-1)")
def _():
    for name in THREE:
        t.kafka.create_topic("hours-" + name)
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, "hours-", session_id="s_1") as run:
        run.play()
        for i in range(7200):
            run.push(b"\xff\xd8%d" % i, pts=i * Gst.SECOND)
        run.end()
        run.wait_eos()
        stats, _ = run.stop()
    tap.equal((run.errors, run.complaints, stats["acknowledged"], stats["failed"]), ([], [], 7200, 0), "outcomes")
    now_ms = time.time() * 1000
    arrived = sinktest.Arrived(t.kafka.bootstrap, "hours-")
    arrived.check(range(7200))
    steps = {after["capture_timestamp_ns"] - before["capture_timestamp_ns"]
             for before, after in zip(arrived.linked, arrived.linked[1:])}
    tap.equal(steps, {Gst.SECOND}, "steps of capture times")
    for record in list(arrived.binary.values()) + list(arrived.metadata.values()) + arrived.registry:
        capture_ms = int(record.headers["capture-timestamp-ns"]) / 1e6
        tap.true(record.timestamp <= min(now_ms, capture_ms), f"{record.timestamp} of {record.key} is not ahead")
    sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", "hours-")


@t.test("four cameras on one set of topics, the clock of one two hours ahead: none loses a frame (ARIA-5)")
def _():
    for name in THREE:
        t.kafka.create_topic("clocks-" + name)
    unix, cameras = Gst.Caps.from_string("timestamp/x-unix"), range(4)
    pipeline = Gst.parse_launch(" ".join(
        f"appsrc name=src{i} max-bytes=0 caps=image/jpeg,width=8,height=8 format=time ! kafkabinarysink name=sink{i} "
        f"bootstrap-servers={t.kafka.bootstrap} topic-prefix=clocks- drain-timeout-ms=120000 "
        f"session-id=s stream-id=cam{i}" for i in cameras))
    sources = [pipeline.get_by_name(f"src{i}") for i in cameras]
    pipeline.set_state(Gst.State.PLAYING)
    try:
        for n in range(150):
            for i, source in enumerate(sources):
                buffer = Gst.Buffer.new_wrapped(os.urandom(2000))
                ahead_ns = 7200 * Gst.SECOND if i == 3 else 0
                buffer.add_reference_timestamp_meta(unix, time.time_ns() + ahead_ns, Gst.CLOCK_TIME_NONE)
                source.emit("push-buffer", buffer)
        for i in cameras:
            stats = tap.wait_until(lambda i=i: (found := sinktest.to_dict(
                pipeline.get_by_name(f"sink{i}").get_property("stats")))["pending"] == 0
                and found["produced"] == 150 and found, 60, f"camera {i}")
            tap.equal((stats["acknowledged"], stats["failed"]), (150, 0), f"outcomes of camera {i}")
    finally:
        pipeline.set_state(Gst.State.NULL)
    sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", "clocks-")


if __name__ == "__main__":
    sys.exit(sinktest.main(t, "kafkabinarysink-times"))
