#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Topics that change while they are read. What Apache Kafka has removed, by request or by retention, is a gap and a count,
never an error; partitions that are added are read, too."""

import json
import os
import sys
import tempfile

import sinktest
import sourcetest
import tap
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions

t = tap.Tap()
FRAMES = 120
SIZE = 200000
REMOVED = 90  # frames in front of this one are removed
RECORDS_TOPIC = "mps-sensor-stream"
SLOW = "appsink name=out sync=false max-buffers=1"
AHEAD = {"max_queued_bytes": 4 << 20}


def remove(topic, before):
    """Kafka removes the records of partition 0 with lower offsets."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="ascii") as wanted:
        json.dump({"partitions": [{"topic": topic, "partition": 0, "offset": before}], "version": 1}, wanted)
        wanted.flush()
        t.kafka.run_tool("org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", t.kafka.bootstrap,
                         "--offset-json-file", wanted.name)


def write_frames(prefix):
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, prefix, session_id="s", stream_id="cam") as run:
        run.play()
        for i in range(FRAMES):
            run.push(os.urandom(SIZE), pts=i * 33333333)
        run.end()
        run.wait_eos()
        stats, _ = run.stop()
    tap.equal(stats["acknowledged"], FRAMES, "acknowledged")


def index_of(buffer):
    return buffer.get_custom_meta("TribFrameMeta").get_structure().get_uint64("index").value


def read_around(prefix, removed, **properties):
    """Takes three frames, has the others removed that lie before REMOVED, takes the rest. Returns (the reading, indexes of the frames)."""
    with sourcetest.Reading("kafkabinarysrc", t.kafka.bootstrap, prefix, SLOW, **AHEAD, **properties) as reading:
        got = reading.pull_all(3)
        for topic in removed:
            remove(prefix + topic, REMOVED)
        got += reading.pull_all()
        reading.look()
        indexes = [index_of(buffer) for _, buffer in got]
        tap.equal((indexes[0], indexes[-1], indexes), (0, FRAMES - 1, sorted(set(indexes))), "from the first to the last, in order")
        tap.equal(indexes[-(FRAMES - REMOVED):], list(range(REMOVED, FRAMES)), "all that are there")
        tap.true(len(indexes) < FRAMES, "some were removed before they were read")
        first = [buffer for _, buffer in got if index_of(buffer) == REMOVED][0]
        tap.true(first.has_flags(sourcetest.Gst.BufferFlags.DISCONT), "DISCONT behind the gap")
        return reading, FRAMES - len(indexes)


@t.test("by the registry: entries whose bytes were removed are a gap with its reason, and expired")
def _():
    write_frames("bytes-")
    reading, lost = read_around("bytes-", [sinktest.BINARY])
    stats = reading.stats
    tap.equal((stats["expired"], stats["pushed"], stats["records-lost"]), (lost, FRAMES - lost, 0), "expired, pushed, records-lost")
    messages = reading.messages_named("kafkabinarysrc-frames-missing")
    tap.equal((sum(message["count"] for message in messages), {message["reason"] for message in messages}), (lost, {"expired"}), "reported")
    tap.equal((sum(count for count, _ in reading.gaps), {reason for _, reason in reading.gaps}), (lost, {"expired"}), "GAP events")


@t.test("by the bytes: removed records are a gap, counted and reported by partition")
def _():
    write_frames("follow-")
    reading, lost = read_around("follow-", [sinktest.BINARY], read_by="bytes")
    stats = reading.stats
    tap.equal((stats["records-lost"], stats["pushed"]), (lost, FRAMES - lost), "records-lost, pushed")
    messages = reading.messages_named("kafkabinarysrc-records-lost")
    tap.equal((sum(message["count"] for message in messages), {message["partition"] for message in messages}), (lost, {0}), "reported")
    tap.equal(sum(count for count, _ in reading.gaps), lost, "GAP events")


@t.test("registry and bytes removed before reading began: it begins with what is there, and ends")
def _():
    remove("bytes-" + sinktest.REGISTRY, REMOVED)
    with sourcetest.Reading("kafkabinarysrc", t.kafka.bootstrap, "bytes-") as reading:
        tap.equal([index_of(buffer) for _, buffer in reading.pull_all()], list(range(REMOVED, FRAMES)), "frames")
        tap.equal((reading.look()["pushed"], reading.gaps, reading.complaints), (FRAMES - REMOVED, [], []), "pushed, gaps, warnings")
    remove("bytes-" + sinktest.REGISTRY, FRAMES)
    with sourcetest.Reading("kafkabinarysrc", t.kafka.bootstrap, "bytes-") as reading:
        tap.equal((reading.pull_all(), reading.look()["records-read"]), ([], 0), "nothing left: the end, no error")


@t.test("kafkarecordsrc: removed records are counted and reported; DISCONT behind them")
def _():
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0, "batch.size": 200000})
    for i in range(FRAMES):
        producer.produce("records-" + RECORDS_TOPIC, json.dumps({"i": i, "pad": "x" * SIZE}), partition=0)
    producer.flush(60)
    with sourcetest.Reading("kafkarecordsrc", t.kafka.bootstrap, "records-", SLOW, **AHEAD) as reading:
        got = reading.pull_all(3)
        remove("records-" + RECORDS_TOPIC, REMOVED)
        got += reading.pull_all()
        numbers = [json.loads(data)["i"] for data, _ in got]
        lost = FRAMES - len(numbers)
        tap.true(lost > 0, "some were removed before they were read")
        tap.equal((numbers, numbers[-(FRAMES - REMOVED):]), (sorted(set(numbers)), list(range(REMOVED, FRAMES))), "records")
        tap.equal((reading.look()["records-lost"], reading.stats["pushed"]), (lost, FRAMES - lost), "records-lost, pushed")
        tap.equal(sum(message["count"] for message in reading.messages_named("kafkarecordsrc-records-lost")), lost, "reported")
        behind = got[numbers.index(REMOVED)][1]
        tap.true(behind.has_flags(sourcetest.Gst.BufferFlags.DISCONT), "DISCONT behind the gap")


@t.test("retention itself: a topic that keeps a MiB, read from its beginning while it shrinks")
def _():
    topic = "short-" + RECORDS_TOPIC
    t.kafka.create_topic(topic, config={"segment.bytes": 1 << 20})
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    for i in range(FRAMES):
        producer.produce(topic, json.dumps({"i": i, "pad": "x" * SIZE}), partition=0)
        producer.flush(60)
    with sourcetest.Reading("kafkarecordsrc", t.kafka.bootstrap, "short-", SLOW, **AHEAD) as reading:
        got = reading.pull_all(1)
        # not earlier: what is removed between the lookup of the beginning and the first fetch
        # counts as lost
        shrinks = ConfigResource("topic", topic, set_config={"segment.bytes": str(1 << 20),
                                                             "retention.bytes": str(1 << 20)})
        admin = AdminClient({"bootstrap.servers": t.kafka.bootstrap})
        admin.alter_configs([shrinks])[shrinks].result(60)
        tap.wait_until(lambda: sinktest.low_watermark(t.kafka.bootstrap, topic) > FRAMES // 2, 60, "retention")
        got += reading.pull_all()
        numbers = [json.loads(data)["i"] for data, _ in got]
        tap.equal((numbers, numbers[0], numbers[-1]), (sorted(set(numbers)), 0, FRAMES - 1), "in order, from first to last")
        stats = reading.look()
        tap.equal(stats["pushed"] + stats["records-lost"], FRAMES, "pushed, records-lost")


def add_partitions(*topics):
    """Each has three from now on."""
    client = AdminClient({"bootstrap.servers": t.kafka.bootstrap})
    for future in client.create_partitions([NewPartitions(topic, 3) for topic in topics], operation_timeout=30).values():
        future.result(30)


# found as soon as the client asks for them again
SOON = {"consumer_config": "c,topic.metadata.refresh.interval.ms=(string)300"}


@t.test("kafkarecordsrc: partitions that are added while it follows are read from their beginning")
def _():
    topic = "more-" + RECORDS_TOPIC
    t.kafka.create_topic(topic)
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    with sourcetest.Reading("kafkarecordsrc", t.kafka.bootstrap, "more-", until="never", **SOON) as reading:
        producer.produce(topic, b'{"i":0}', partition=0)
        tap.equal(reading.pull()[0], b'{"i":0}', "from the first partition")
        producer.flush(60)
        add_partitions(topic)
        producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
        wanted = [b'{"i":%d}' % i for i in range(1, 31)]
        for i, value in enumerate(wanted):
            producer.produce(topic, value, partition=i % 3)
        producer.flush(60)
        tap.equal(sorted(data for data, _ in reading.pull_all(30)), sorted(wanted), "from all of them")
        tap.equal((reading.look()["pushed"], reading.complaints), (31, []), "pushed, warnings")


@t.test("kafkabinarysrc: the same of registry, metadata and bytes")
def _():
    for name in (sinktest.METADATA, sinktest.BINARY, sinktest.REGISTRY):
        t.kafka.create_topic("grow-" + name)
    for read_by in ("registry", "bytes"):
        with sourcetest.Reading("kafkabinarysrc", t.kafka.bootstrap, "grow-", until="never", start="latest",
                                read_by=read_by, **SOON) as reading:
            # known once the source has begun
            tap.wait_until(lambda: reading.look() and "connected" in reading.links, 60, "the connection")
            if read_by == "registry":
                add_partitions(*("grow-" + name for name in (sinktest.METADATA, sinktest.BINARY, sinktest.REGISTRY)))
            with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, "grow-", session_id="s-" + read_by,
                              stream_id="cam", partition_by="frame") as run:
                run.play()
                for i in range(60):
                    run.push(os.urandom(1000), pts=i * 33333333)
                run.end()
                run.wait_eos()
                run.stop()
            got = []

            def all_read(got=got, reading=reading):
                while sample := reading.out.emit("try-pull-sample", 0):
                    got.append(index_of(sample.get_buffer()))
                stats = reading.look()
                return stats["records-read"] == 60 and stats["pending"] == 0 and len(got) == stats["pushed"]
            tap.wait_until(all_read, 60, "all sixty")
            # those of a partition that was found a moment later than the others may be late, and
            # are counted
            tap.equal((got, len(got) + reading.stats["late"]), (sorted(got), 60), "in order; pushed or late")
    arrived = sinktest.Arrived(t.kafka.bootstrap, "grow-")
    tap.equal({record.partition for record in arrived.registry}, {0, 1, 2}, "partitions in use")


if __name__ == "__main__":
    sys.exit(sinktest.main(t, "kafka-changing-topics", partitions=1,
                           settings={"log.retention.check.interval.ms": 300, "log.initial.task.delay.ms": 300,
                                     "file.delete.delay.ms": 100, "log.segment.delete.delay.ms": 100}))
