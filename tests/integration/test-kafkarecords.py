#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kafkarecordsink and kafkarecordsrc against Apache Kafka: records of eye gaze, hands and trajectories go in and come out,
byte for byte, with their keys and times; from the middle; while they are written; through a SIGKILL of the broker."""

import csv
import glob
import json
import os
import subprocess
import sys
import time

import sinktest
import sourcetest
import tap
from apache_kafka import ROOT
from sinktest import Gst

t = tap.Tap()
TOPIC = "mps-sensor-stream"
# An hour ago: after a SIGKILL a broker knows only those producers again whose records' timestamps
# are of the last day.
EPOCH_NS = (int(time.time()) - 3600) * 1000000000
STEP_NS = 10000000
MAX_RECORDS = 1000
UNIX = Gst.Caps.from_string("timestamp/x-unix")


def rows():
    """(sensor, row) of CSV files with an MPS recording: $TRIB_MPS, or beside the source; else made up."""
    folder = os.environ.get("TRIB_MPS", os.path.join(ROOT, "..", "shared", "samples", "mps", "gen1"))
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), "*", "*.csv"))):
        with open(path, newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                yield os.path.basename(path).split(".")[0], row


def make_records():
    found = list(rows())
    if not found:
        t.diag("no MPS recording: records are made up")
        found = [(f"sensor-{i % 7}", {"tracking_timestamp_us": i, "yaw_rads_cpf": i / 7, "name": "\u00e4" * (i % 50)})
                 for i in range(MAX_RECORDS)]
    step = max(1, len(found) // MAX_RECORDS)
    return [json.dumps({"sensor": sensor, "row": i, **row}, ensure_ascii=i % 2 == 0).encode()
            for i, (sensor, row) in enumerate(found[::step][:MAX_RECORDS])]


RECORDS = make_records()


def key_of(record):
    return json.loads(record)["sensor"]


class Writing:
    """appsrc and kafkarecordsink; the books are checked at every look."""

    def __init__(self, bootstrap, prefix):
        self.pipeline = Gst.parse_launch(
            "appsrc name=src max-bytes=0 format=time caps=application/json ! kafkarecordsink name=sink key-field=sensor "
            f"bootstrap-servers={bootstrap} topic-prefix={prefix} drain-timeout-ms=60000")
        self.source = self.pipeline.get_by_name("src")
        self.sink = self.pipeline.get_by_name("sink")
        self.pipeline.set_state(Gst.State.PLAYING)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pipeline.set_state(Gst.State.NULL)

    def push(self, first, end):
        for i in range(first, end):
            buffer = Gst.Buffer.new_wrapped(RECORDS[i])
            buffer.add_reference_timestamp_meta(UNIX, EPOCH_NS + i * STEP_NS, Gst.CLOCK_TIME_NONE)
            tap.equal(self.source.emit("push-buffer", buffer), Gst.FlowReturn.OK, "push")
        return self

    @property
    def stats(self):
        stats = sinktest.to_dict(self.sink.get_property("stats"))
        tap.equal(stats["acknowledged"] + stats["failed"] + stats["dropped"] + stats["pending"], stats["produced"],
                  f"the books in {stats}")
        return stats

    def wait(self, count):
        tap.wait_until(lambda: self.stats["acknowledged"] == count, 60, f"{count} acknowledgements: {self.stats}")
        tap.equal((self.stats["failed"], self.stats["dropped"]), (0, 0), "failed, dropped")


class Reading(sourcetest.Reading):
    def __init__(self, *arguments, **properties):
        super().__init__("kafkarecordsrc", *arguments, **properties)

    def pull(self, seconds=60):
        """(bytes, time in ns) of the next record, None at the end."""
        sample = self.pull_sample(seconds)
        return self.content(sample) if sample else None

    def content(self, sample):
        tap.equal(sample.get_caps().to_string(), "application/json", "caps")
        buffer = sample.get_buffer()
        return sourcetest.bytes_of(buffer), buffer.get_reference_timestamp_meta(UNIX).timestamp


def expected(first=0, end=None):
    return [(RECORDS[i], EPOCH_NS + i * STEP_NS) for i in range(len(RECORDS))][first:end]


def check_per_key(got, wanted, what):
    """Nothing is lost, nothing comes twice, and each key keeps its order."""
    tap.equal(sorted(got), sorted(wanted), what)
    for key in {key_of(data) for data, _ in wanted}:
        tap.equal([data for data, _ in got if key_of(data) == key],
                  [data for data, _ in wanted if key_of(data) == key], f"{what}: order of {key}")


@t.test("every record comes back byte-identical, with its time, in order; kcat reads the same keys and values")
def _():
    with Writing(t.kafka.bootstrap, "all-").push(0, len(RECORDS)) as writing:
        writing.wait(len(RECORDS))
    with Reading(t.kafka.bootstrap, "all-") as reading:
        tap.equal(reading.pull_all(), expected(), "records")
        tap.equal((reading.look()["pushed"], reading.complaints), (len(RECORDS), []), "pushed, warnings")
    kcat = subprocess.run(["kcat", "-C", "-e", "-q", "-b", t.kafka.bootstrap, "-t", "all-" + TOPIC, "-f", r"%p %k %h %s\n"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60 * tap.PATIENCE, check=True)
    lines = [line.split(b" ", 3) for line in kcat.stdout.splitlines()]
    tap.equal(sorted(value for *_, value in lines), sorted(RECORDS), "values that kcat reads")
    tap.true(len({partition for partition, *_ in lines}) > 1, "they lie in several partitions")
    for _, key, headers, value in lines:
        tap.equal((key.decode(), headers), (key_of(value), b"content-type=application/json"), "key and header")


@t.test("from the middle: by start-time, by an offset from the end, and by seeking there and back")
def _():
    middle = len(RECORDS) // 2
    with Reading(t.kafka.bootstrap, "all-", start="time", start_time=EPOCH_NS + middle * STEP_NS) as reading:
        tap.equal(reading.pull_all(), expected(middle), "records from then on")
        tap.equal(reading.look()["before"], 0, "the broker was asked for the time; before")
    with Reading(t.kafka.bootstrap, "all-", start="offset", start_offset=-1, start_partition=0) as reading:
        tap.equal(len(reading.pull_all()), 1, "records")
    with Reading(t.kafka.bootstrap, "all-") as reading:
        reading.pull()
        for target in (middle, 3, len(RECORDS) - 1):
            reading.seek(target * STEP_NS)
            tap.equal(reading.pull(), expected()[target], f"record {target}")


@t.test("from topic to topic: bytes, keys and times stay")
def _():
    with Reading(t.kafka.bootstrap, "all-", "kafkarecordsink name=out key-field=sensor topic-prefix=copy- "
                 f"bootstrap-servers={t.kafka.bootstrap} drain-timeout-ms=60000") as reading:
        tap.wait_until(lambda: reading.look() and reading.at_eos, 60, "EOS")

    def content(prefix):
        return sorted((r.key, r.value, r.timestamp) for r in sinktest.read_topic(t.kafka.bootstrap, prefix + TOPIC))
    tap.equal(content("copy-"), content("all-"), "key, value and timestamp of each record")


@t.test("while they are written, and the topic not there yet; the broker killed in the middle: nothing lost, nothing twice")
def _():
    half = len(RECORDS) // 2
    with Reading(t.kafka.bootstrap, "live-", until="never") as reading, \
         Writing(t.kafka.bootstrap, "live-").push(0, half) as writing:
        got = reading.pull_all(half)
        check_per_key(got, expected(0, half), "records before")
        writing.push(half, half + half // 2)
        t.kafka.sigkill()
        writing.push(half + half // 2, len(RECORDS))

        # what arrived before the kill may be more than the appsink holds, and a source that is
        # blocked in its push reports nothing
        def is_down():
            while sample := reading.out.emit("try-pull-sample", 0):
                got.append(reading.content(sample))
            return reading.look() and "down" in reading.links

        tap.wait_until(is_down, 60, "the outage")
        t.kafka.start()
        got += reading.pull_all(len(RECORDS) - len(got))
        check_per_key(got, expected(), "records")
        writing.wait(len(RECORDS))
        tap.wait_until(lambda: reading.look() and reading.links[-1] == "connected", 60, "the connection's message")
        tap.equal(reading.stats["pushed"], len(RECORDS), "pushed")
        tap.equal(len(reading.warnings) - len(reading.complaints), reading.stats["outages"],
                  f"one warning an outage: {reading.warnings}")
        tap.true(all("There is no topic" in text for text in reading.complaints), f"complaints {reading.complaints}")
    with Reading(t.kafka.bootstrap, "live-") as reading:
        check_per_key(reading.pull_all(), expected(), "the topic afterwards")


@t.test("a topic that is not there: an error that names it")
def _():
    pipeline = Gst.parse_launch(f"kafkarecordsrc bootstrap-servers={t.kafka.bootstrap} topic=nowhere ! fakesink")
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(int(30 * tap.PATIENCE) * Gst.SECOND, Gst.MessageType.ERROR)
    tap.true(message is not None and "nowhere" in message.parse_error()[0].message, "which topic")
    pipeline.set_state(Gst.State.NULL)


@t.test("one record that the topic does not take among two hundred: it alone is refused, the others are there, in order")
def _():
    t.kafka.create_topic("compact-" + TOPIC, config={"cleanup.policy": "compact"})
    bad = (100, 120)
    with Writing(t.kafka.bootstrap, "compact-") as writing:
        for i in range(200):
            # a compacted topic takes no record without a key
            record = {"n": i} if i in bad else {"n": i, "sensor": f"s{i}"}
            writing.source.emit("push-buffer", Gst.Buffer.new_wrapped(json.dumps(record).encode()))
        tap.wait_until(lambda: writing.stats["acknowledged"] + writing.stats["failed"] == 200, 60, "200 outcomes")
        stats = writing.stats
    tap.equal((stats["acknowledged"], stats["failed-refused"], stats["failed"]), (198, 2, 2), "outcomes")
    tap.true(stats["retried-alone"] >= 2, f"records that went alone in {stats}")
    there = [record.json["n"] for record in sinktest.read_topic(t.kafka.bootstrap, "compact-" + TOPIC)]
    tap.equal(there, [i for i in range(200) if i not in bad], "records of the topic")


if __name__ == "__main__":
    sys.exit(sinktest.main(t, "kafkarecords", partitions=3))
