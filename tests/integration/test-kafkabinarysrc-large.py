#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kafkabinarysrc reads frames of 6 MB from topics that were made for them on a broker with Kafka's default limit of one
MiB; and two sources in one process read the same topics, each its own part."""

import os
import random
import sys

import sinktest
import sourcetest
import tap
from sinktest import Gst

t = tap.Tap(timeout=240)
LIMIT = 8000000
TOO_LARGE = 9000000
SIZES = [6000000, 6000000, 1000, TOO_LARGE, 6000000, 7900000, TOO_LARGE, 500000, 6000000]
REFUSED = [i for i, size in enumerate(SIZES) if size == TOO_LARGE]
FRAMES = 300


def index_of(buffer):
    return buffer.get_custom_meta("TribFrameMeta").get_structure().get_uint64("index").value


@t.test("frames of 6 MB come back byte-identical; one that the topic does not take is refused alone, and a gap (ARIA-1)")
def _():
    for topic in (sinktest.METADATA, sinktest.REGISTRY):
        t.kafka.create_topic("large-" + topic)
    t.kafka.create_topic("large-" + sinktest.BINARY, config={"max.message.bytes": LIMIT})
    frames = [random.Random(i).randbytes(size) for i, size in enumerate(SIZES)]
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, "large-", session_id="s", stream_id="cam",
                      drain_timeout_ms=120000, delivery_timeout_ms=120000) as run:
        run.play()
        for i, frame in enumerate(frames):
            run.push(frame, pts=i * 33333333)
        run.end()
        run.wait_eos(120)
        stats, _ = run.stop()
    tap.equal((run.errors, stats["acknowledged"], stats["failed-too-large"], stats["failed"]),
              ([], len(SIZES) - len(REFUSED), len(REFUSED), len(REFUSED)), "errors, acknowledged, too large, failed")
    wanted = [(i, frames[i]) for i in range(len(SIZES)) if i not in REFUSED]
    # 4 MiB, the least there is: a frame that is larger than what may be read ahead still comes
    for read_by, bound in (("registry", 4 << 20), ("bytes", 4 << 20), ("registry", 64 << 20), ("bytes", 64 << 20)):
        what = f"read-by={read_by} max-queued-bytes={bound}"
        with sourcetest.Reading("kafkabinarysrc", t.kafka.bootstrap, "large-", read_by=read_by,
                                max_queued_bytes=bound) as reading:
            got = [(index_of(buffer), data) for data, buffer in reading.pull_all()]
            tap.equal([index for index, _ in got], [index for index, _ in wanted], f"{what}: frame indexes")
            tap.true(got == wanted, f"{what}: bytes")
            reason = "too-large" if read_by == "registry" else "unknown"
            tap.equal(reading.gaps, [(1, reason)] * len(REFUSED), f"{what}: gaps")
            tap.equal(reading.complaints, [], f"{what}: warnings")


def pull_in_turns(readings, counts):
    """Each in its turn, so that none is ahead of the others for long: {name: [(session, stream, index, bytes)]}."""
    got = {name: [] for name in readings}
    for i in range(max(counts.values())):
        for name, reading in readings.items():
            if i < counts[name]:
                one = reading.pull()
                tap.true(one, f"{name}: frame {i}: the end instead: {reading.stats}, {reading.gaps}")
                data, buffer = one
                meta = buffer.get_custom_meta("TribFrameMeta").get_structure()
                got[name].append((meta.get_string("session"), meta.get_string("stream"), index_of(buffer), data))
    return got


@t.test("two sources in one process on the same topics, by session and by stream: each is complete (ARIA-2)")
def _():
    for topic in (sinktest.METADATA, sinktest.BINARY, sinktest.REGISTRY):
        t.kafka.create_topic("two-" + topic, partitions=3)
    wanted = {}
    for session, stream in (("walk_1", "214-1"), ("walk_1", "1201-1"), ("run", "214-1")):
        frames = [os.urandom(2000 + i) for i in range(FRAMES)]
        wanted[session, stream] = [(session, stream, i, frame) for i, frame in enumerate(frames)]
        with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, "two-", session_id=session, stream_id=stream,
                          partition_by="frame") as run:
            run.play()
            for i, frame in enumerate(frames):
                run.push(frame, pts=i * 33333333)
            run.end()
            run.wait_eos()
            tap.equal(run.stop()[0]["acknowledged"], FRAMES, f"frames of {session} {stream}")
    # streams of one session; then sessions of one stream; one reads on, the other to the end
    for pair in ((("walk_1", "214-1"), ("walk_1", "1201-1")), (("walk_1", "214-1"), ("run", "214-1"))):
        for read_by in ("registry", "bytes"):
            first, second = [sourcetest.Reading("kafkabinarysrc", t.kafka.bootstrap, "two-", session_id=session,
                                                stream_id=stream, read_by=read_by, until=until)
                             for (session, stream), until in zip(pair, ("never", "end"))]
            with first, second:
                got = pull_in_turns({pair[0]: first, pair[1]: second}, dict.fromkeys(pair, FRAMES))
                for which in pair:
                    tap.equal([one[:3] for one in got[which]], [one[:3] for one in wanted[which]], f"{read_by}: frames")
                    tap.true(got[which] == wanted[which], f"{read_by} {which}: bytes")
                tap.equal(second.pull(), None, "the end")
                for reading in (first, second):
                    # what is not wanted is passed over, all of it, by each
                    tap.wait_until(lambda: reading.look()["records-read"] == 3 * FRAMES, 60, f"{reading.stats}")
                    stats = reading.stats
                    tap.equal((stats["pushed"], stats["filtered"], stats["missing"]), (FRAMES, 2 * FRAMES, 0),
                              "pushed, filtered, missing")
                    tap.equal((reading.complaints, reading.gaps), ([], []), "warnings, gaps")
    # a pipeline with two sources ends when both have
    with sourcetest.Reading("kafkabinarysrc", t.kafka.bootstrap, "two-", session_id="run", rest=sourcetest.APPSINK +
                            f" kafkabinarysrc bootstrap-servers={t.kafka.bootstrap} topic-prefix=two- session-id=walk_1 "
                            "stream-id=1201-1 ! appsink name=second sync=false max-buffers=50") as reading:
        other, samples = reading.pipeline.get_by_name("second"), []
        got = reading.pull_all(FRAMES)
        while sample := other.emit("try-pull-sample", 60 * Gst.SECOND):
            samples.append(sourcetest.bytes_of(sample.get_buffer()))
        tap.equal(reading.pull(), None, "the end")
        tap.true([data for data, _ in got] == [one[3] for one in wanted["run", "214-1"]], "the first one's bytes")
        tap.true(samples == [one[3] for one in wanted["walk_1", "1201-1"]], "the second one's bytes")
        tap.wait_until(lambda: reading.look() and reading.at_eos, 60, "EOS of the pipeline")


if __name__ == "__main__":
    sys.exit(sinktest.main(t, "kafkabinarysrc-large", settings={"message.max.bytes": 1048588}))
