#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/clients/frames_consumer.py says yes to what docs/internals/kafka-topics.md describes, and to nothing else."""

import io
import json
import sys

import tap

try:
    import frames_consumer
    from apache_kafka import ApacheKafka, KafkaUnavailable
    from confluent_kafka import Producer
    from PIL import Image
except ImportError as missing:
    if missing.name not in ("confluent_kafka", "PIL"):
        raise
    sys.exit(tap.Tap().skip_all(f"{missing.name} for Python is not installed"))

t = tap.Tap()
METADATA, BINARY, REGISTRY = "vrs-metadata-stream", "vrs-binary-stream", "vrs-frame-registry"


def crc(data):
    return frames_consumer.Crc32c().compute(data)


def jpeg(width=64, height=48, colour=(200, 30, 30)):
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG", quality=90)
    return out.getvalue()


class Writer:
    """Writes frames as the document says. change(stage, thing) may spoil what is written."""

    _producer = None

    def __init__(self, bootstrap, session, partition=0):
        # One for all: a new producer needs a second to learn of the topics.
        Writer._producer = Writer._producer or Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
        self.session, self.partition, self._sequence = session, partition, 0

    def _put(self, topic, frame_id, value, content_type, crc32c=None):
        placed = []
        headers = {"frame-id": frame_id, "sequence": str(self._sequence), "content-type": content_type,
                   "crc32c": str(crc(value) if crc32c is None else crc32c), "time-source": "meta"}
        self._producer.produce(topic, value, key=frame_id, partition=self.partition, headers=headers,
                               on_delivery=lambda error, message: placed.append((error, message.offset())))
        self._producer.flush(30)
        tap.equal([error for error, _ in placed], [None], "delivery")
        return placed[0][1]

    def frame(self, index, picture=None, metadata_change=None, registry_change=None, crc32c=None, stored=None):
        picture = picture or jpeg()
        frame_id = f"{self.session}_214-1_{index}_{1000 + index}"
        common = {"frame_id": frame_id, "session_id": self.session, "stream_id": "214-1", "frame_index": index,
                  "capture_timestamp_ns": 1000 + index}
        compression = {"format": "jpeg", "original_size": 64 * 48 * 3, "compressed_size": len(picture), "quality": 90,
                       "compression_ratio": len(picture) / (64 * 48 * 3), "shape": [48, 64, 3], "dtype": "uint8"}
        metadata = dict(common, image_width=64, image_height=48, channels=3, compression=compression,
                        data_type="vrs_frame_binary", content_type="image/jpeg", binary_crc32c=crc(picture))
        metadata.update(metadata_change or {})
        text = json.dumps(metadata).encode()
        places = {"metadata": self._put(METADATA, frame_id, text, "application/json"),
                  "binary": self._put(BINARY, frame_id, stored or picture, "image/jpeg", crc32c)}
        entry = dict(common, metadata_topic=METADATA, metadata_partition=self.partition,
                     metadata_offset=places["metadata"], metadata_crc32c=crc(text), binary_topic=BINARY,
                     binary_partition=self.partition, binary_offset=places["binary"], binary_crc32c=crc(picture),
                     compression_format="jpeg", compressed_size=len(picture), size_bytes=len(picture),
                     compression_ratio=compression["compression_ratio"], status="LINKED")
        entry.update(registry_change or {})
        self._put(REGISTRY, frame_id, json.dumps(entry).encode(), "application/json")
        self._sequence += 1


try:
    kafka = ApacheKafka(name="frames-consumer", partitions=3)
except KafkaUnavailable as why:
    sys.exit(t.skip_all(why))


def finding(session, text, **arguments):
    """A session with one good frame and one that is spoilt in one way: exactly that is found."""
    writer = Writer(kafka.bootstrap, session)
    writer.frame(0)
    writer.frame(1, **arguments)
    summary = frames_consumer.check(kafka.bootstrap, session)
    tap.true(summary["problem_count"] >= 1, f"a finding in {summary}")
    tap.true(any(text in problem for problem in summary["problems"]), f"{text!r} in {summary['problems']}")
    tap.true(not any(f"{session}_214-1_0_" in problem for problem in summary["problems"]),
             f"the good frame is not named in {summary['problems']}")


@t.test("a registry that does not exist: could not run")
def _():
    tap.equal(frames_consumer.main(["--bootstrap-servers", kafka.bootstrap, "--registry-topic", "no-such-topic"]), 2)


@t.test("frames as described are accepted: keys, headers, sizes, CRC-32C, pictures (ARIA-1, ARIA-2)")
def _():
    for partition in (0, 2):
        writer = Writer(kafka.bootstrap, "good_session-1", partition)
        for index in range(10):
            writer.frame(index + 100 * partition, jpeg(colour=(index * 20, 0, 0)))
    summary = frames_consumer.check(kafka.bootstrap, "good_session-1", expect=20)
    tap.equal((summary["problems"], summary["linked"], summary["decoded"]), ([], 20, 20))
    tap.equal(summary["crc32c_records_checked"], 60)
    tap.true(summary["bytes"] > 0, "bytes are counted")


@t.test("CRC-32C of the standard's check value, also without the package")
def _():
    tap.equal(crc(b"123456789"), 0xE3069283)
    package, frames_consumer._crc32c_module = frames_consumer._crc32c_module, None
    try:
        tap.equal(crc(b"123456789"), 0xE3069283)
    finally:
        frames_consumer._crc32c_module = package


@t.test("fewer frames than expected are a finding")
def _():
    Writer(kafka.bootstrap, "few").frame(0)
    tap.equal(frames_consumer.check(kafka.bootstrap, "few", expect=2)["problem_count"], 1)


@t.test("bytes that differ from the registry's CRC are found")
def _():
    spoilt = bytearray(jpeg())
    spoilt[-10] ^= 1
    finding("crc", "crc32c", stored=bytes(spoilt))
    finding("header", "header crc32c of the binary record", crc32c=1)


@t.test("bytes of another size are found")
def _():
    finding("size", "size of the bytes", stored=jpeg() + b"x")


@t.test("a picture that does not decode is found")
def _():
    finding("broken", "does not decode", picture=b"\xff\xd8 no picture")


@t.test("an offset where nothing of the frame is, is found")
def _():
    finding("offset", "", registry_change={"binary_offset": 0})
    finding("beyond", "not found where the registry says", registry_change={"binary_offset": 10 ** 6})


@t.test("metadata that contradict the registry are found")
def _():
    finding("index", "frame_index of the metadata", metadata_change={"frame_index": 77})
    finding("type", "data_type", metadata_change={"data_type": "vrs_frame"})


@t.test("an entry twice in the registry is found")
def _():
    writer = Writer(kafka.bootstrap, "twice")
    writer.frame(5)
    writer.frame(5)
    tap.equal(frames_consumer.check(kafka.bootstrap, "twice")["duplicates"], 1)


def main():
    with kafka:
        status = t.run()
        if status:
            kafka.print_log_tail()
        return status


sys.exit(main())
