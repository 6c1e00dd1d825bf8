#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fixture keeps what it promises: what was acknowledged survives SIGKILL, on the same address."""

import os
import subprocess
import sys
import time

import tap

try:
    from apache_kafka import ApacheKafka, KafkaUnavailable
    from confluent_kafka import Consumer, Producer, TopicPartition
except ImportError as missing:
    if missing.name not in ("confluent_kafka", "PIL"):
        raise
    sys.exit(tap.Tap().skip_all(f"{missing.name} for Python is not installed"))

HERE = os.path.dirname(os.path.abspath(__file__))
BIG = 6200000
t = tap.Tap()


def produce(bootstrap, topic, values):
    errors = []
    producer = Producer({"bootstrap.servers": bootstrap, "message.max.bytes": 10000000, "enable.idempotence": True})
    for partition, key, value in values:
        producer.produce(topic, value, key=key, partition=partition,
                         on_delivery=lambda error, message: error and errors.append(error))
    tap.equal(producer.flush(60 * tap.PATIENCE), 0, "records without a delivery report")
    tap.equal(errors, [], "delivery errors")


def consume(bootstrap, topic, partitions, count):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "t", "fetch.max.bytes": 20000000,
                         "receive.message.max.bytes": 30000000})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
    got, errors = [], []

    def enough():
        message = consumer.poll(0.1)
        if message is not None and message.error():
            errors.append(str(message.error()))
        elif message is not None:
            got.append((message.partition(), message.offset(), message.key(), len(message.value())))
        return len(got) >= count

    try:
        tap.wait_until(enough, 60, f"{count} records of {topic}")
    except AssertionError as why:
        raise AssertionError(f"{why}; there are {sorted(got)}, errors: {errors}") from None
    finally:
        consumer.close()
    return sorted(got)


try:
    kafka = ApacheKafka(name="apache-kafka", partitions=3)
except KafkaUnavailable as why:
    sys.exit(t.skip_all(why))

state = {}


@t.test("topics come into being with the wished number of partitions")
def _():
    produce(kafka.bootstrap, "made-by-use", [(2, b"k", b"v")])
    tap.equal(consume(kafka.bootstrap, "made-by-use", 3, 1), [(2, 0, b"k", 1)])


@t.test("records of 6 MB go in and come out")
def _():
    kafka.create_topic("big", 2, {"max.message.bytes": 10485760})
    produce(kafka.bootstrap, "big", [(i % 2, b"k%d" % i, b"x" * (BIG if i == 3 else i)) for i in range(1, 20)])
    state["before"] = consume(kafka.bootstrap, "big", 2, 19)
    tap.true((1, 1, b"k3", BIG) in state["before"], "the big one is at partition 1, offset 1")


@t.test("what was acknowledged is there after SIGKILL and a new start on the same address")
def _():
    address, pid = kafka.bootstrap, kafka.pid
    kafka.sigkill()
    tap.true(not kafka.running, "gone")
    kafka.start()
    tap.true(kafka.pid != pid and kafka.bootstrap == address, "another process, the same address")
    tap.equal(consume(kafka.bootstrap, "big", 2, 19), state["before"])


@t.test("an orderly stop and start keeps it as well")
def _():
    kafka.stop()
    kafka.start()
    tap.equal(consume(kafka.bootstrap, "big", 2, 19), state["before"])


@t.test("as a command: runs another with KAFKA_BOOTSTRAP, passes on its exit status, leaves nothing behind")
def _():
    script = 'echo hello | kcat -b "$KAFKA_BOOTSTRAP" -P -t x && kcat -q -b "$KAFKA_BOOTSTRAP" -C -t x -e; exit 3'
    done = subprocess.run([sys.executable, os.path.join(HERE, "apache_kafka.py"), "exec", "--", "sh", "-c", script],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    tap.equal((done.returncode, done.stdout), (3, "hello\n"), done.stderr)


@t.test("the broker ends with its owner, however that ends")
def _():
    owner = subprocess.Popen([sys.executable, os.path.join(HERE, "apache_kafka.py"), "run"], stdout=subprocess.PIPE,
                             stdin=subprocess.DEVNULL, text=True)
    address = owner.stdout.readline().strip()
    port = int(address.rsplit(":", 1)[1])
    owner.kill()
    owner.wait()
    owner.stdout.close()

    def refused():
        import socket
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    tap.wait_until(refused, 20, "the broker's port to close")


def main():
    start = time.monotonic()
    with kafka:
        t.diag(f"broker up after {time.monotonic() - start:.1f} s at {kafka.bootstrap}")
        status = t.run()
        if status:
            kafka.print_log_tail()
        return status


sys.exit(main())
