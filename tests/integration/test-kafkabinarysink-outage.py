#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kafkabinarysink while Apache Kafka is killed and comes back, stays away, or was never there (ARIA-5)."""

import contextlib
import os
import re
import sys
import threading
import time

import sinktest
import tap
from apache_kafka import TIMEOUT_MULTIPLIER, free_port
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

t = tap.Tap()
MIB = 1024 * 1024
OUTAGE_SECONDS = 5
FRAME_BYTES = 99000
PUSHED = 14
POLICIES = ("block", "drop-newest", "drop-oldest", "drop-non-key", "error")
DELIVERY_MS = 3000
DRAIN_MS = 1500
H264 = "video/x-h264,stream-format=byte-stream,alignment=au,width=640,height=480,framerate=30/1"


class Probe(threading.Thread):
    """When the broker first answers with metadata, and with leaders for this prefix's topics."""

    def __init__(self, bootstrap, prefix):
        super().__init__(daemon=True)
        self.answered = self.led = None
        self._topic = prefix + sinktest.REGISTRY
        self._client = AdminClient({"bootstrap.servers": bootstrap, "reconnect.backoff.ms": 10, "log_level": 0,
                                    "reconnect.backoff.max.ms": 20, "error_cb": lambda error: None})

    def run(self):
        while self.led is None:
            with contextlib.suppress(KafkaException):
                answer = self._client.list_topics(timeout=0.1)
                now = time.monotonic()
                self.answered = self.answered or now
                topic = answer.topics.get(self._topic)
                if topic and topic.partitions and all(p.leader >= 0 for p in topic.partitions.values()):
                    self.led = now


def outage(run, kafka, prefix):
    """Kills the broker in the middle of the flow, starts it after OUTAGE_SECONDS; returns the probe and when the first
    frame after it was acknowledged."""
    run.wait(lambda stats: stats["acknowledged"] >= 60, "sixty frames")
    kafka.sigkill()
    killed = time.monotonic()
    run.wait(lambda _: time.monotonic() - killed >= OUTAGE_SECONDS, "the outage's length")
    before = run.stats["acknowledged"]
    probe = Probe(kafka.bootstrap, prefix)
    kafka.start(wait=False)
    probe.start()
    run.wait(lambda stats: stats["acknowledged"] > before, "frames to flow again", 60)
    flowing = time.monotonic()
    tap.wait_until(lambda: probe.led, 30, "the probe's answer")
    return probe, flowing


def check_outages(run, outages, address):
    """One warning, one way down and one recovery an outage. A broker that has just started may answer only after some
    seconds, or acknowledge a record and then nothing for a while: those are outages of their own."""
    states = ",".join(message["state"] for message in run.connections)
    tap.true(re.fullmatch("(down,)?connected(,degraded(,down)?,connected)+", states), f"states {states}")
    tap.true(outages >= 1 and states.count("down") == outages == len(run.warnings),
             f"{outages} outages, states {states}, warnings {run.warnings}")
    tap.true(all(address in warning for warning in run.warnings), f"the warning says where: {run.warnings}")
    recovered = [message for message in run.connections[1:] if message["state"] == "connected"]
    tap.true(all(message["recovered"] for message in recovered), f"recoveries {recovered}")
    longest = max(message["outage-duration"] for message in recovered)
    tap.true(longest > (OUTAGE_SECONDS - 1) * 1e9, f"the longest outage, {longest} ns")


@t.test("SIGKILL and restart of the broker at 30 frames/s: nothing lost, nothing twice, memory bounded (ARIA-5)")
def _():
    frames, bound = 480, 2 * MIB
    with sinktest.Run(f"videotestsrc is-live=true num-buffers={frames} pattern=ball ! "
                      "video/x-raw,width=640,height=480,framerate=30/1 ! jpegenc quality=95 ! kafkabinarysink name=sink "
                      "session-id=outage", t.kafka.bootstrap, "outage-", max_pending_bytes=bound) as run:
        run.play()
        probe, flowing = outage(run, t.kafka, "outage-")
        run.wait_eos()
        stats, _ = run.stop()
        t.diag(f"acknowledged again {flowing - probe.answered:.2f} s after the broker's first answer, "
               f"{flowing - probe.led:.2f} s after its topics had leaders; peak {stats['peak-pending-bytes']} of {bound} "
               f"bytes; books looked at {run.samples} times")
        tap.equal((stats["produced"], stats["acknowledged"]), (frames, frames), "frames")
        tap.equal((run.errors, run.losses), ([], []), "errors, losses")
        check_outages(run, stats["outages"], t.kafka.bootstrap)
    arrived = sinktest.Arrived(t.kafka.bootstrap, "outage-")
    arrived.check(range(frames))
    sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", "outage-")


def describe(policy):
    return sinktest.push_pipeline(H264 if policy == "drop-non-key" else "image/jpeg,width=640,height=480,framerate=30/1")


def push_frames(run, policy, count):
    """One key frame of four for drop-non-key; every frame is one for the others."""
    for i in range(count):
        run.push(os.urandom(FRAME_BYTES), pts=i * 33000000, delta=policy == "drop-non-key" and i % 4 != 0)


def check_outcome(policy, run, earlier):
    """After PUSHED frames of FRAME_BYTES that never arrive, with room for ten (max-pending-bytes 1 MiB)."""
    if policy != "error":
        run.end()
    started = time.monotonic()
    run.wait(lambda _: run.at_eos or run.errors, f"EOS or error ({policy})", 40, errors_expected=True)
    waited = time.monotonic() - started
    stats, seconds = run.stop()
    new = stats["produced"] - earlier
    t.diag(f"{policy}: EOS {waited:.1f} s, to NULL {seconds:.1f} s, " +
           ", ".join(f"{k} {v}" for k, v in stats.items() if k.startswith(("failed-", "dropped-")) and v))
    tap.equal((stats["acknowledged"], stats["pending"], stats["pinned-buffers"]), (earlier, 0, 0), f"{policy}: outcome")
    tap.equal(stats["failed"] + stats["dropped"], new, f"{policy}: every frame has its reason")
    tap.equal(run.lost(), new, f"{policy}: frames reported on the bus")
    tap.true(all(m["reason"] and m["frame-ids"] is not None for m in run.losses), f"{policy}: {run.losses}")
    tap.true(seconds < (DRAIN_MS / 1000 + 3) * TIMEOUT_MULTIPLIER, f"{policy}: to NULL within the deadline, {seconds} s")
    if policy == "error":
        tap.equal(stats["dropped-overflow"], 1, "error: the frame that had no room")
        tap.equal(len([error for error in run.errors if "overflow is set to error" in error]), 1, f"errors {run.errors}")
        return
    tap.equal(new, PUSHED, f"{policy}: frames taken")
    tap.equal(run.errors, [], f"{policy}: errors")
    if policy == "block":
        tap.equal(stats["dropped"], 0, "block drops nothing")
        # which of them the drain's end meets before the delivery timeout does is a matter of
        # moments
        tap.true(stats["failed-timed-out"] > 0, "block: frames wait, up to the delivery timeout")
        tap.equal(stats["failed-timed-out"] + stats["failed-purged"], new, "block: why frames failed")
    else:
        tap.equal(stats["dropped-" + policy.removeprefix("drop-")], stats["dropped"], f"{policy}: why")
        tap.equal(stats["dropped"], PUSHED - 10, f"{policy}: dropped")


def run_policies(bootstrap, prefix, kill):
    """All policies at once: one outage for all of them, and a bound for each."""
    with contextlib.ExitStack() as stack:
        runs = {policy: stack.enter_context(sinktest.Run(
            describe(policy), bootstrap, prefix, overflow=policy, max_pending_bytes=MIB,
            delivery_timeout_ms=DELIVERY_MS, drain_timeout_ms=DRAIN_MS, session_id=policy,
            producer_config=f"client.id={policy}")) for policy in POLICIES}
        earlier = 0
        for policy, run in runs.items():
            run.play()
            if kill:
                earlier = 3
                for i in range(earlier):
                    run.push(os.urandom(100), pts=i)
        for policy, run in runs.items():
            run.wait(lambda stats: stats["acknowledged"] == earlier, f"the first frames ({policy})")
        if kill:
            kill()
        for policy, run in runs.items():
            push_frames(run, policy, PUSHED)
        for policy, run in runs.items():
            if policy not in ("block", "error"):
                run.wait(lambda stats: stats["produced"] == earlier + PUSHED, f"all frames taken ({policy})")
            check_outcome(policy, run, earlier)


@t.test("a broker that was never there: each overflow policy as documented, all frames named, a clean stop (ARIA-5)")
def _():
    run_policies(f"127.0.0.1:{free_port()}", "never-", None)


@t.test("a broker that is killed and stays away: each overflow policy, all frames named, a clean stop (ARIA-5)")
def _():
    run_policies(t.kafka.bootstrap, "away-", t.kafka.sigkill)


if __name__ == "__main__":
    sys.exit(sinktest.main(t, "kafkabinarysink-outage", partitions=1))
