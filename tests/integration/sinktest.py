# SPDX-License-Identifier: LGPL-2.1-or-later
"""For the tests of kafkabinarysink: a pipeline in this process whose books are checked at every look, and what arrived,
read with confluent_kafka and kcat, which know nothing of gst-tributary.

Topics of one test have a prefix of their own, so that tests share a broker and not their records.
"""

import collections
import glob
import json
import os
import shutil
import subprocess
import sys
import time

import gi
import tap
from apache_kafka import ROOT, ApacheKafka, KafkaUnavailable
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

Gst.init(None)

FOOTAGE_FRAMES = 795
TOPICS = ("vrs-metadata-stream", "vrs-binary-stream", "vrs-frame-registry", "vrs-raw-stream")
METADATA, BINARY, REGISTRY, LEGACY = TOPICS
SILENCE_SECONDS = 30
FAILED = ("timed-out", "too-large", "purged", "not-authorized", "unknown-topic", "registry", "refused")
DROPPED = ("newest", "oldest", "non-key", "flushed", "overflow")


def footage():
    """The street with pedestrians, 795 frames: $TRIB_FOOTAGE, or OpenCV's vtest.avi."""
    candidates = [os.environ.get("TRIB_FOOTAGE", ""), os.path.join(ROOT, "..", "shared", "media", "pedestrians.avi")]
    candidates += sorted(glob.glob("/usr/share/doc/opencv-doc/**/vtest.avi*", recursive=True))
    for path in candidates:
        if os.path.isfile(path) and not path.endswith(".gz"):
            return os.path.abspath(path)
    tap.skip("no footage: install opencv-doc, or name pedestrians.avi in TRIB_FOOTAGE")


def build_root():
    return os.environ.get("TRIB_BUILD_ROOT", os.path.join(ROOT, "build"))


def verifier():
    """Path of tributary-kafka-verify of this build."""
    path = os.environ.get("TRIB_VERIFY", os.path.join(build_root(), "gst", "tools", "tributary-kafka-verify"))
    tap.true(os.access(path, os.X_OK), f"{path} is not built")
    return path


def need_element(name):
    tap.true(Gst.ElementFactory.find(name) is not None, f"there is no element {name}")


def check_verifier(bootstrap, *arguments, status=0):
    """tributary-kafka-verify ends with this status; returns its JSON."""
    done = subprocess.run([verifier(), "--bootstrap-servers", bootstrap, "--json", *arguments],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60 * tap.PATIENCE, check=False)
    if done.returncode != status:
        print(done.stdout[-4000:], done.stderr[-2000:], file=sys.stderr)
    tap.equal(done.returncode, status, "exit status of tributary-kafka-verify")
    return json.loads(done.stdout)


def main(tests, name, **broker):
    """Runs `tests` (a tap.Tap) with a broker that tests.kafka names."""
    try:
        kafka = ApacheKafka(name=name, **broker)
    except KafkaUnavailable as why:
        return tests.skip_all(why)
    with kafka:
        tests.kafka = kafka
        return tests.run()


def to_dict(structure):
    if hasattr(structure, "__enter__"):  # of an event, in the bindings of GStreamer 1.26
        with structure as bare:
            return to_dict(bare)
    return {structure.nth_field_name(i): structure.get_value(structure.nth_field_name(i))
            for i in range(structure.n_fields())}


def check_books(stats, max_pending):
    """What holds in every copy of `stats`, whatever happens."""
    tap.equal(stats["acknowledged"] + stats["failed"] + stats["dropped"] + stats["pending"], stats["produced"],
              f"the books in {stats}")
    tap.equal(sum(stats["failed-" + reason] for reason in FAILED), stats["failed"], "failed by reason")
    tap.equal(sum(stats["dropped-" + reason] for reason in DROPPED), stats["dropped"], "dropped by reason")
    tap.true(stats["pending-bytes"] <= stats["peak-pending-bytes"] <= max_pending,
             f"pending-bytes {stats['pending-bytes']} and their peak {stats['peak-pending-bytes']} within {max_pending}")


class Run:
    """A pipeline with one kafkabinarysink named sink (and, for push(), one appsrc named src)."""

    def __init__(self, description, bootstrap, prefix="", **properties):
        self.pipeline = Gst.parse_launch(description)
        self.pipeline.set_property("auto-flush-bus", False)
        self.sink = self.pipeline.get_by_name("sink")
        self.source = self.pipeline.get_by_name("src")
        self.bus = self.pipeline.get_bus()
        self.sink.set_property("bootstrap-servers", bootstrap)
        self.sink.set_property("topic-prefix", prefix)
        # the default is that of cameras; a machine with much to do may need longer for the last frames of a test
        self.sink.set_property("drain-timeout-ms", 120000)
        for name, value in properties.items():
            if name == "producer_config":
                value = Gst.Structure.from_string("producer-config," + value)[0]
                self.sink.set_property("producer-config", value)
            else:
                Gst.util_set_object_arg(self.sink, name.replace("_", "-"), str(value))
        self.max_pending = self.sink.get_property("max-pending-bytes")
        self.warnings = []
        self.errors = []
        self.connections = []  # fields of the messages, with "at": monotonic time of the look
        self.losses = []
        self.at_eos = False
        self.samples = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def play(self):
        tap.true(self.pipeline.set_state(Gst.State.PLAYING) != Gst.StateChangeReturn.FAILURE,
                 f"the pipeline does not start: {self.look() and self.errors}")
        return self

    @property
    def complaints(self):
        """Warnings but those of a broker that stands still for seconds, as it may on a machine with much to do."""
        return [warning for warning in self.warnings if "is not acknowledging" not in warning]

    @property
    def stats(self):
        self.samples += 1
        stats = to_dict(self.sink.get_property("stats"))
        check_books(stats, self.max_pending)
        return stats

    def look(self):
        """Reads the bus; checks the books."""
        while (message := self.bus.pop()) is not None:
            if message.type == Gst.MessageType.EOS:
                self.at_eos = True
            elif message.type == Gst.MessageType.ERROR:
                self.errors.append(" / ".join(str(part) for part in message.parse_error()))
            elif message.type == Gst.MessageType.WARNING:
                self.warnings.append(" / ".join(str(part) for part in message.parse_warning()))
            elif message.type == Gst.MessageType.ELEMENT and message.src == self.sink:
                fields = dict(to_dict(message.get_structure()), at=time.monotonic())
                kind = message.get_structure().get_name()
                (self.connections if kind == "kafkabinarysink-connection" else self.losses).append(fields)
        return self.stats

    def wait(self, condition, what, timeout=30, errors_expected=False):
        """condition(stats); looks at bus and books until it holds."""
        def held():
            stats = self.look()
            if self.errors and not errors_expected:
                raise AssertionError(f"an error while waiting for {what}: {self.errors}")
            return condition(stats) and stats
        try:
            return tap.wait_until(held, timeout, what)
        except AssertionError as why:
            raise AssertionError(f"{why}; warnings {self.warnings}; {self.stats}") from None

    def wait_eos(self, timeout=60):
        return self.wait(lambda _: self.at_eos, "EOS", timeout)

    def set_caps(self, caps):
        self.source.set_property("caps", Gst.Caps.from_string(caps))

    def push(self, data, pts=None, delta=False):
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts = Gst.CLOCK_TIME_NONE if pts is None else pts
        if delta:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        flow = self.source.emit("push-buffer", buffer)
        tap.true(flow in (Gst.FlowReturn.OK, Gst.FlowReturn.EOS, Gst.FlowReturn.FLUSHING), f"push gave {flow}")

    def end(self):
        self.source.emit("end-of-stream")

    def stop(self):
        """To NULL; returns (the last stats, seconds it took)."""
        start = time.monotonic()
        self.pipeline.set_state(Gst.State.NULL)
        return self.look(), time.monotonic() - start

    def lost(self):
        """Frames whose loss messages on the bus reported."""
        return sum(message["failed"] + message["dropped"] for message in self.losses)


def push_pipeline(caps="image/jpeg,width=640,height=480,framerate=30/1"):
    """appsrc without a bound of its own, so that push() never waits."""
    return f"appsrc name=src max-bytes=0 format=time caps={caps} ! kafkabinarysink name=sink"


class Record(collections.namedtuple("Record", "topic partition offset key value headers timestamp")):
    @property
    def json(self):
        return json.loads(self.value)


def read_topic(bootstrap, topic, extra=None):
    """Every record of a topic up to its present end, partition by partition."""
    consumer = Consumer(dict({"bootstrap.servers": bootstrap, "group.id": "sinktest", "enable.auto.commit": False,
                              "enable.partition.eof": True, "fetch.message.max.bytes": 16 << 20, "log_level": 0},
                             **(extra or {})))
    records = []
    try:
        listed = consumer.list_topics(topic, timeout=SILENCE_SECONDS).topics[topic]
        if listed.error:
            raise AssertionError(f"topic {topic}: {listed.error}")
        ends = {partition: consumer.get_watermark_offsets(TopicPartition(topic, partition), SILENCE_SECONDS)
                for partition in listed.partitions}
        left = {partition for partition, (low, high) in ends.items() if high > low}
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in left])
        deadline = time.monotonic() + SILENCE_SECONDS * tap.PATIENCE
        while left:
            tap.true(time.monotonic() < deadline, f"{topic} cannot be read to its end")
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error():
                if message.error().code() == KafkaError._PARTITION_EOF:
                    left.discard(message.partition())
                continue
            if message.offset() + 1 >= ends[message.partition()][1]:
                left.discard(message.partition())
            headers = {name: (value or b"").decode() for name, value in message.headers() or []}
            records.append(Record(topic, message.partition(), message.offset(), (message.key() or b"").decode(),
                                  message.value() or b"", headers, message.timestamp()[1]))
    finally:
        consumer.close()
    return sorted(records, key=lambda record: (record.partition, record.offset))


class Arrived:
    """What a sink with this prefix left behind: entries (JSON of the registry, in order of frame_index), and the
    records they point at."""

    def __init__(self, bootstrap, prefix="", extra=None):
        self.registry = read_topic(bootstrap, prefix + REGISTRY, extra)
        self.entries = sorted((record.json for record in self.registry), key=lambda entry: entry["frame_index"])
        self.linked = [entry for entry in self.entries if entry["status"] == "LINKED"]
        self.failed = [entry for entry in self.entries if entry["status"] == "FAILED"]
        self.binary = {(r.partition, r.offset): r for r in read_topic(bootstrap, prefix + BINARY, extra)}
        self.metadata = {(r.partition, r.offset): r for r in read_topic(bootstrap, prefix + METADATA, extra)}

    def bytes_of(self, entry):
        return self.binary[entry["binary_partition"], entry["binary_offset"]]

    def metadata_of(self, entry):
        return self.metadata[entry["metadata_partition"], entry["metadata_offset"]]

    def check(self, linked, orphans=0):
        """Indexes `linked` are LINKED, each once, to records of their own that say the same frame id."""
        tap.equal([entry["frame_index"] for entry in self.linked], list(linked), "frame indexes that are LINKED")
        ids = [entry["frame_id"] for entry in self.entries]
        tap.equal(len(set(ids)), len(ids), "registry entries without a second one")
        places = set()
        for entry in self.linked:
            binary, metadata = self.bytes_of(entry), self.metadata_of(entry)
            tap.equal((binary.key, metadata.key), (entry["frame_id"], entry["frame_id"]), "keys")
            tap.equal(len(binary.value), entry["compressed_size"], "compressed_size")
            tap.equal(metadata.json["frame_id"], entry["frame_id"], "frame_id of the metadata")
            tap.equal(int(binary.headers["crc32c"]), entry["binary_crc32c"], "binary_crc32c")
            places.add((binary.partition, binary.offset))
        tap.equal(len(places), len(self.linked), "places of bytes")
        tap.equal(len(self.binary) - len(places), orphans, "records of bytes that no entry names")


def low_watermark(bootstrap, topic, partition=0):
    """Offset of the oldest record that is there."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "low", "log_level": 0})
    low, _ = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10 * tap.PATIENCE)
    consumer.close()
    return low


def kcat_value(bootstrap, topic, partition, offset):
    """The bytes of one record as kcat prints them."""
    tap.true(shutil.which("kcat") is not None, "kcat is not installed")
    done = subprocess.run(["kcat", "-C", "-q", "-b", bootstrap, "-t", topic, "-p", str(partition), "-o", str(offset),
                           "-c", "1", "-D", "", "-X", "fetch.message.max.bytes=16777216"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, timeout=30 * tap.PATIENCE, check=True)
    return done.stdout
