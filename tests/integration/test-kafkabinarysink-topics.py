#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kafkabinarysink and the topics it finds: their limits on a record's size, and their numbers of partitions (ARIA-1)."""

import os
import sys

import sinktest
import tap
from apache_kafka import free_port
from confluent_kafka import Producer

t = tap.Tap()
ASTRAY_PORT = free_port()
THREE = (sinktest.METADATA, sinktest.BINARY, sinktest.REGISTRY)


def make_topics(prefix, partitions=(1, 1, 1), limit=None):
    for name, count in zip(THREE, partitions):
        config = {"max.message.bytes": limit} if limit and name == sinktest.BINARY else None
        t.kafka.create_topic(prefix + name, partitions=count, config=config)


def send(prefix, sizes, **properties):
    """Frames of these sizes; returns (the last stats, the run)."""
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, prefix, session_id="s_1", **properties) as run:
        run.play()
        for i, size in enumerate(sizes):
            run.push(os.urandom(size), pts=i * 33333333)
        run.end()
        run.wait_eos()
        stats, _ = run.stop()
    tap.equal((stats["produced"], stats["pending"]), (len(sizes), 0), "produced, pending")
    # a warning names the reason, and one at the end has the numbers
    tap.equal((run.errors, len(run.complaints)), ([], 2 if run.losses else 0), f"errors, warnings {run.warnings}")
    if run.losses:
        tap.true("(failed-too-large)" in run.complaints[0], f"the reason in {run.warnings}")
        tap.true(f"{stats['failed']} of {len(sizes)} frames" in run.complaints[1], f"the numbers in {run.warnings}")
    tap.equal(stats["copied-frames"], 0, "copied frames")
    return stats, run


@t.test("a topic with a small max.message.bytes: large frames are refused alone, with the numbers (ARIA-5)")
def _():
    limit, large = 50000, 80000
    make_topics("small-", limit=limit)
    sizes = [large if i % 5 == 2 else 20000 for i in range(60)]
    stats, run = send("small-", sizes)
    refused = [i for i, size in enumerate(sizes) if size == large]
    tap.equal((stats["acknowledged"], stats["failed-too-large"], stats["failed"], stats["dropped"]),
              (len(sizes) - len(refused), len(refused), len(refused), 0), "outcomes")
    tap.equal((run.lost(), stats["loss-records"]), (len(refused), len(refused)), "reported on the bus, and in the registry")
    arrived = sinktest.Arrived(t.kafka.bootstrap, "small-")
    arrived.check([i for i in range(len(sizes)) if i not in refused])
    tap.equal([entry["frame_index"] for entry in arrived.failed], refused, "FAILED entries")
    for entry in arrived.failed:
        tap.equal((entry["error_reason"], entry["binary_offset"]), ("too-large", None), "entry")
        tap.true(str(large) in entry["error_message"], f"the size in {entry['error_message']}")
    # a busy broker may not name its limit in time for the first ones; a refusal makes the sink ask again
    tap.true(str(limit) in entry["error_message"], f"the limit in {entry['error_message']}")
    proof = sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", "small-", status=1)
    tap.equal(proof["failed_by_reason"], {"too-large": len(refused)}, "what the verifier found")


@t.test("a topic limit below the client's batches: many small frames all arrive (ARIA-1)")
def _():
    make_topics("batch-", limit=100000)
    stats, _ = send("batch-", [9000] * 1500)
    tap.equal((stats["acknowledged"], stats["failed"]), (1500, 0), "outcomes")
    sinktest.Arrived(t.kafka.bootstrap, "batch-").check(range(1500))


@t.test("max.message.bytes is lowered while frames are sent: what fits arrives, the rest is refused with the new limit")
def _():
    make_topics("lower-")
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, "lower-", session_id="s_1") as run:
        run.play()
        run.push(os.urandom(20000))
        run.wait(lambda stats: stats["acknowledged"] == 1, "the first frame")
        t.kafka.run_tool("kafka.admin.ConfigCommand", "--bootstrap-server", t.kafka.bootstrap, "--alter", "--entity-type",
                         "topics", "--entity-name", "lower-" + sinktest.BINARY, "--add-config", "max.message.bytes=50000")
        sizes = [80000 if i % 10 == 5 else 20000 for i in range(60)]
        for size in sizes:
            run.push(os.urandom(size))
        run.end()
        run.wait_eos()
        stats, _ = run.stop()
    tap.equal((stats["acknowledged"], stats["failed-too-large"], stats["failed"]), (55, 6, 6), "outcomes")
    arrived = sinktest.Arrived(t.kafka.bootstrap, "lower-")
    arrived.check([0] + [i + 1 for i, size in enumerate(sizes) if size == 20000])


@t.test("frames of 6 MB where the broker takes 10 MB, one of 11 MB among them (ARIA-1)")
def _():
    sizes = [6000000] * 4 + [11000000] + [6000000] * 2
    stats, _ = send("big-", sizes)
    tap.equal((stats["acknowledged"], stats["failed-too-large"]), (6, 1), "outcomes")
    arrived = sinktest.Arrived(t.kafka.bootstrap, "big-")
    arrived.check([0, 1, 2, 3, 5, 6])
    tap.true("10485760" in arrived.failed[0]["error_message"] or "1048588" in arrived.failed[0]["error_message"],
             f"the numbers in {arrived.failed[0]['error_message']}")


@t.test("a client that its quota throttles: every frame arrives, and the connection says why it stands still")
def _():
    quota = ("--bootstrap-server", t.kafka.bootstrap, "--alter", "--entity-type", "clients", "--entity-name", "slow")
    t.kafka.run_tool("kafka.admin.ConfigCommand", *quota, "--add-config", "producer_byte_rate=50000")
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, "slow-", session_id="s_1", drain_timeout_ms=120000,
                      producer_config="client.id=(string)slow") as run:
        run.play()
        for i in range(16):
            run.push(os.urandom(60000), pts=i * 33333333)
        downs = run.wait(lambda _: [message["reason"] for message in run.connections if message["state"] == "down"],
                        "the connection to be reported as down") and run.connections
        tap.true(any("throttles this client (a quota)" in message["reason"] for message in downs), f"the reason in {downs}")
        tap.equal(len(run.warnings), run.stats["outages"], f"one warning an outage: {run.warnings}")
        run.end()
        run.wait_eos(120)
        stats, _ = run.stop()
    tap.equal((run.errors, stats["acknowledged"], stats["failed"], stats["pending"]), ([], 16, 0, 0), "outcomes")
    sinktest.Arrived(t.kafka.bootstrap, "slow-").check(range(16))


@t.test("a broker that advertises a name which cannot be resolved: that name is said, and that it is the advertised one")
def _():
    make_topics("astray-")
    with sinktest.Run(sinktest.push_pipeline(), f"127.0.0.1:{ASTRAY_PORT}", "astray-", session_id="s_1",
                      delivery_timeout_ms=5000, on_loss="error") as run:
        run.play()
        run.push(os.urandom(1000))
        run.wait(lambda _: run.errors, "an error", errors_expected=True)
    for text in run.errors[:1] + run.warnings[:1]:
        tap.true("no-such-host.invalid" in text and "advertised.listeners" in text and "resolve" in text, f"{text}")
    tap.equal((len(run.errors), "failed-timed-out" in run.errors[0]), (1, True), f"errors {run.errors}")


def murmur2_partition(topic, key):
    """Where a librdkafka producer with Java's partitioner puts a record of this key."""
    reports = []
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "partitioner": "murmur2"})
    producer.produce(topic, b"", key=key, on_delivery=lambda error, message: reports.append((error, message.partition())))
    producer.flush(30)
    tap.equal(reports[0][0], None, "delivery of the reference record")
    return reports[0][1]


@t.test("3, 5 and 4 partitions, partition-by=stream: one partition, in order, the one Java's murmur2 gives (ARIA-1)")
def _():
    make_topics("odd-", partitions=(3, 5, 4))
    t.kafka.create_topic("odd-reference", partitions=3)
    used = set()
    for stream in ("214-1", "1201-1", "1201-2", "1202-1"):
        send("odd-", [1000] * 20, stream_id=stream)
    arrived = sinktest.Arrived(t.kafka.bootstrap, "odd-")
    for stream in ("214-1", "1201-1", "1201-2", "1202-1"):
        expected = murmur2_partition("odd-reference", f"s_1_{stream}".encode())
        records = [record for record in arrived.registry if record.json["stream_id"] == stream]
        tap.equal({record.partition for record in records}, {expected}, f"partition of {stream}")
        tap.equal([record.json["frame_index"] for record in records], list(range(20)), f"order of {stream}")
        offsets = [(record.json["binary_offset"], record.json["metadata_offset"]) for record in records]
        tap.equal(offsets, sorted(offsets), f"order of the bytes of {stream}")
        for record in records:
            tap.equal((record.json["binary_partition"], record.json["metadata_partition"]), (expected, expected),
                      f"the same partition number everywhere ({stream})")
        used.add(expected)
    tap.true(len(used) > 1, "streams spread")


@t.test("partition-by=frame: frames spread, the three records of each on the same partition number (ARIA-1)")
def _():
    make_topics("frame-", partitions=(3, 5, 4))
    t.kafka.create_topic("frame-reference", partitions=3)
    send("frame-", [1000] * 40, partition_by="frame")
    arrived = sinktest.Arrived(t.kafka.bootstrap, "frame-")
    arrived.check(range(40))
    for record in arrived.registry:
        entry = record.json
        tap.equal((entry["binary_partition"], entry["metadata_partition"]), (record.partition,) * 2, "partitions")
    tap.equal({record.partition for record in arrived.registry}, {0, 1, 2}, "partitions in use")
    for record in arrived.registry[:3]:
        tap.equal(record.partition, murmur2_partition("frame-reference", record.key.encode()), "murmur2 of the frame id")


if __name__ == "__main__":
    port, controller_port = free_port(), free_port()
    sys.exit(sinktest.main(t, "kafkabinarysink-topics", partitions=1, port=port, settings={
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},ASTRAY://127.0.0.1:{ASTRAY_PORT},"
                     f"CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port},ASTRAY://no-such-host.invalid:{ASTRAY_PORT}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,ASTRAY:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT"}))
