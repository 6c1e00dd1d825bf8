#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads back what kafkabinarysink wrote, with nothing of gst-tributary: confluent_kafka, Pillow and the description of
the topics in docs/internals/kafka-topics.md.

    tests/clients/frames_consumer.py --bootstrap-servers HOST:PORT [--session ID] [--expect N]

Every registry entry up to the present end is read; each LINKED one is followed to its metadata and its bytes by topic,
partition and offset. Compared are the key, the headers, sizes, CRC-32C and the metadata's fields; pictures are decoded.
The summary on standard output is one JSON object. Exit: 0 all well, 1 findings, 2 could not run.
"""

import argparse
import collections
import io
import json
import sys
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

try:
    import crc32c as _crc32c_module
except ImportError:
    _crc32c_module = None
try:
    from PIL import Image
except ImportError:
    Image = None

SILENCE_SECONDS = 30
PROBLEMS_SHOWN = 20
PURE_PYTHON_CRC_BUDGET = 4 << 20
PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}


class CannotRun(Exception):
    pass


def _table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


class Crc32c:
    """The crc32c package where it is installed. Without it a table in Python: that takes a second for 4 MB, so only the
    first PURE_PYTHON_CRC_BUDGET bytes' worth of records are computed, and the summary says how many."""

    def __init__(self):
        self.method = "package crc32c" if _crc32c_module else "Python table, first records only"
        self._table = None if _crc32c_module else _table()
        self._left = PURE_PYTHON_CRC_BUDGET

    def compute(self, data):
        """The CRC, or None when the budget is spent."""
        if _crc32c_module:
            return _crc32c_module.crc32c(data)
        if len(data) > self._left:
            return None
        self._left -= len(data)
        crc = 0xFFFFFFFF
        for byte in data:
            crc = (crc >> 8) ^ self._table[(crc ^ byte) & 0xFF]
        return crc ^ 0xFFFFFFFF


class Reader:
    """Records of some partitions, from given offsets on, each partition up to a given end."""

    def __init__(self, bootstrap, extra=None):
        self._consumer = Consumer(dict({
            "bootstrap.servers": bootstrap, "group.id": "frames-consumer", "enable.auto.commit": False,
            "enable.partition.eof": True, "auto.offset.reset": "earliest", "fetch.max.bytes": 64 << 20,
            "receive.message.max.bytes": (64 << 20) + 4096, "fetch.message.max.bytes": 16 << 20,
            "queued.max.messages.kbytes": 128 << 10, "log_level": 0,
        }, **(extra or {})))

    def close(self):
        self._consumer.close()

    def ends(self, topic):
        """{partition: (first offset, end)}"""
        try:
            # All topics: asking for one by name could make it, and what is known now need not be looked up later.
            listed = self._consumer.list_topics(timeout=SILENCE_SECONDS).topics.get(topic)
        except KafkaException as why:
            raise CannotRun(f"no broker answers: {why.args[0].str()}") from None
        if listed is None or listed.error or not listed.partitions:
            raise CannotRun(f"there is no topic {topic}")
        return {partition: self._consumer.get_watermark_offsets(TopicPartition(topic, partition), SILENCE_SECONDS)
                for partition in listed.partitions}

    def read(self, ranges):
        """ranges: {(topic, partition): (start, end)}, end exclusive. Yields messages; stops early after a silence."""
        left = {key: end for key, (start, end) in ranges.items() if end > start}
        self._consumer.assign([TopicPartition(topic, partition, ranges[topic, partition][0])
                               for topic, partition in left])
        deadline = time.monotonic() + SILENCE_SECONDS
        while left and time.monotonic() < deadline:
            message = self._consumer.poll(0.5)
            if message is None:
                continue
            deadline = time.monotonic() + SILENCE_SECONDS
            key = (message.topic(), message.partition())
            if message.error():
                if message.error().code() == KafkaError._PARTITION_EOF:
                    left.pop(key, None)
                continue
            if key not in left:
                continue
            if message.offset() < left[key]:
                yield message
            if message.offset() + 1 >= left[key]:
                del left[key]
        self._consumer.unassign()


class Check:
    """One look at a session (None: at all of them)."""

    def __init__(self, session=None):
        self.session = session
        self.entries = {}  # frame id -> (registry entry, registry partition, sequence header)
        self.failed = 0
        self.duplicates = 0
        self.bytes = 0
        self.found = collections.Counter()  # frame id -> records seen, as bits: 1 metadata, 2 bytes
        self.decoded = 0
        self.crc_checked = 0
        self.crc = Crc32c()
        self.streams = collections.Counter()
        self.problems = []
        self.problem_count = 0

    def problem(self, frame_id, text):
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_SHOWN:
            self.problems.append(f"{frame_id}: {text}")

    def expect(self, frame_id, what, got, wanted):
        if got != wanted:
            self.problem(frame_id, f"{what} is {got!r}, expected {wanted!r}")
            return False
        return True

    def _headers(self, frame_id, message, what):
        """Headers as text, after the comparisons that hold for all three records of a frame."""
        headers = {name: (value or b"").decode("utf-8", "replace") for name, value in message.headers() or []}
        self.expect(frame_id, f"key of the {what} record", (message.key() or b"").decode("utf-8", "replace"), frame_id)
        self.expect(frame_id, f"header frame-id of the {what} record", headers.get("frame-id"), frame_id)
        value = message.value() or b""
        crc = self.crc.compute(value)
        if crc is not None:
            self.crc_checked += 1
            self.expect(frame_id, f"header crc32c of the {what} record", headers.get("crc32c"), str(crc))
        return headers

    def registry(self, message):
        try:
            entry = json.loads(message.value())
            frame_id = entry["frame_id"]
        except (ValueError, TypeError, KeyError):
            self.problem(f"registry {message.partition()}/{message.offset()}", "no JSON with a frame_id")
            return
        if self.session is not None and entry.get("session_id") != self.session:
            return
        headers = self._headers(frame_id, message, "registry")
        if entry.get("status") == "FAILED":
            self.failed += 1
            return
        if not self.expect(frame_id, "status", entry.get("status"), "LINKED"):
            return
        if frame_id in self.entries:
            self.duplicates += 1
            self.problem(frame_id, "is in the registry twice")
            return
        expected = f"{entry.get('session_id')}_{entry.get('stream_id')}_{entry.get('frame_index')}" \
                   f"_{entry.get('capture_timestamp_ns')}"
        self.expect(frame_id, "frame id (ARIA-2)", frame_id, expected)
        self.expect(frame_id, "size_bytes", entry.get("size_bytes"), entry.get("compressed_size"))
        self.entries[frame_id] = (entry, message.partition(), headers.get("sequence"))
        self.streams[entry.get("stream_id")] += 1

    def wanted(self):
        """{(topic, partition): {offset: (frame id, "metadata" or "binary")}}"""
        places = collections.defaultdict(dict)
        for frame_id, (entry, partition, _) in self.entries.items():
            for what in ("metadata", "binary"):
                try:
                    place = (entry[what + "_topic"], int(entry[what + "_partition"]))
                    offset = int(entry[what + "_offset"])
                except (KeyError, TypeError, ValueError):
                    self.problem(frame_id, f"the registry does not say where its {what} record is")
                    continue
                self.expect(frame_id, f"partition of the {what} record", place[1], partition)
                if offset in places[place]:
                    self.problem(frame_id, f"shares its {what} record with {places[place][offset][0]}")
                places[place][offset] = (frame_id, what)
        return places

    def record(self, frame_id, what, message):
        entry, _, sequence = self.entries[frame_id]
        headers = self._headers(frame_id, message, what)
        self.expect(frame_id, f"header sequence of the {what} record", headers.get("sequence"), sequence)
        self.expect(frame_id, f"{what}_crc32c of the registry", str(entry.get(what + "_crc32c")), headers.get("crc32c"))
        self.found[frame_id] |= 1 if what == "metadata" else 2
        if what == "metadata":
            self._metadata(frame_id, entry, message.value())
        else:
            self._binary(frame_id, entry, headers, message.value() or b"")

    def _metadata(self, frame_id, entry, value):
        try:
            metadata = json.loads(value)
        except (ValueError, TypeError):
            self.problem(frame_id, "its metadata are no JSON")
            return
        for field in ("frame_id", "session_id", "stream_id", "frame_index", "capture_timestamp_ns"):
            self.expect(frame_id, f"{field} of the metadata", metadata.get(field), entry.get(field))
        self.expect(frame_id, "data_type", metadata.get("data_type"), "vrs_frame_binary")
        self.expect(frame_id, "binary_crc32c of the metadata", metadata.get("binary_crc32c"),
                    entry.get("binary_crc32c"))
        compression = metadata.get("compression") or {}
        self.expect(frame_id, "compressed_size", compression.get("compressed_size"), entry.get("compressed_size"))
        self.expect(frame_id, "format", compression.get("format"), entry.get("compression_format"))
        original, ratio = compression.get("original_size"), compression.get("compression_ratio")
        if original and ratio is not None:
            true_ratio = compression.get("compressed_size", 0) / original
            if abs(ratio - true_ratio) > 1e-3:
                self.problem(frame_id, f"compression_ratio is {ratio}, its sizes say {true_ratio:.4f}")
        entry["image_size"] = (metadata.get("image_width"), metadata.get("image_height"))

    def _binary(self, frame_id, entry, headers, value):
        self.bytes += len(value)
        self.expect(frame_id, "size of the bytes", len(value), entry.get("compressed_size"))
        kind = PICTURES.get(headers.get("content-type"))
        if not kind or not Image:
            return
        try:
            with Image.open(io.BytesIO(value)) as picture:
                picture.load()
                entry["decoded_size"] = picture.size
                if self.expect(frame_id, "format of the picture", picture.format, kind):
                    self.decoded += 1
        except Exception as why:  # noqa: B902 - Pillow raises many kinds for bytes that are no picture
            self.problem(frame_id, f"does not decode: {why}")

    def finish(self):
        for frame_id, (entry, _, _) in self.entries.items():
            missing = [name for bit, name in ((1, "metadata"), (2, "bytes")) if not self.found[frame_id] & bit]
            if missing:
                self.problem(frame_id, f"{' and '.join(missing)} not found where the registry says")
            if "decoded_size" in entry and "image_size" in entry:
                self.expect(frame_id, "size of the decoded picture", entry["decoded_size"], entry["image_size"])

    def summary(self):
        return {
            "session": self.session, "linked": len(self.entries), "failed": self.failed,
            "duplicates": self.duplicates, "bytes": self.bytes, "decoded": self.decoded,
            "decoder": f"Pillow {Image.__version__}" if Image else "none: python3-pil is not installed",
            "crc32c_records_checked": self.crc_checked, "crc32c_method": self.crc.method,
            "streams": dict(self.streams), "problem_count": self.problem_count, "problems": self.problems,
        }


def check(bootstrap, session=None, registry_topic="vrs-frame-registry", expect=None, config=None):
    """Reads everything; returns the summary. expect: how many LINKED entries there must be. CannotRun says why not."""
    start = time.monotonic()
    result = Check(session)
    reader = Reader(bootstrap, config)
    try:
        ends = reader.ends(registry_topic)
        for message in reader.read({(registry_topic, partition): span for partition, span in ends.items()}):
            result.registry(message)
        places = result.wanted()
        ranges = {place: (min(offsets), max(offsets) + 1) for place, offsets in places.items()}
        for message in reader.read(ranges):
            frame = places[message.topic(), message.partition()].get(message.offset())
            if frame:
                result.record(*frame, message)
    finally:
        reader.close()
    result.finish()
    if expect is not None:
        result.expect("the session", "number of LINKED frames", len(result.entries), expect)
    return dict(result.summary(), seconds=round(time.monotonic() - start, 3))


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--bootstrap-servers", required=True, metavar="HOST:PORT")
    parser.add_argument("--session", help="only this session's frames")
    parser.add_argument("--registry-topic", default="vrs-frame-registry")
    parser.add_argument("--expect", type=int, metavar="N", help="a finding unless N frames are LINKED")
    parser.add_argument("-X", action="append", default=[], metavar="KEY=VALUE", help="librdkafka option")
    options = parser.parse_args(argv)
    try:
        summary = check(options.bootstrap_servers, options.session, options.registry_topic, options.expect,
                        dict(pair.split("=", 1) for pair in options.X))
    except CannotRun as why:
        print(f"frames_consumer.py: {why}", file=sys.stderr)
        return 2
    print(json.dumps(summary, indent=1))
    return 1 if summary["problem_count"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
