# SPDX-License-Identifier: LGPL-2.1-or-later
"""The old system's ends of the topics, after ARIA-1 to ARIA-4 and ARIA-40 of the contract: a producer and a consumer of
frames and of sensor records, with kafka-python (Debian package python3-kafka) and nothing of gst-tributary.

    client = OldProducer(bootstrap, prefix)
    client.frame("run", "slam_left", 0, 1722513600000000000, jpeg, "jpeg", quality=90, shape=[48, 64, 3])
    client.flush()

    for frame in OldConsumer(bootstrap, prefix).frames(): ...       # of the three topics
    for frame in OldConsumer(bootstrap, prefix).legacy_frames(): ...

Each gives what it reads as a dict of the old tables' columns and "picture", decoded by Pillow. A field that is not there,
or of another type, is an error of the record that lacks it.
"""

import base64
import datetime
import io
import json
import math
import time

from kafka import KafkaConsumer, KafkaProducer
from PIL import Image

METADATA, BINARY, REGISTRY, LEGACY = ("vrs-metadata-stream", "vrs-binary-stream", "vrs-frame-registry", "vrs-raw-stream")
SENSORS = "mps-sensor-stream"
LARGEST_BYTES = 10 << 20
SILENCE_SECONDS = 120


class OldProducer:
    """Sends the three records of a frame at once, without headers, and waits for none before it sends the next: which of
    them a reader sees first is left to the broker. order: of the topics in which they are handed over."""

    def __init__(self, bootstrap, prefix="", order=(REGISTRY, BINARY, METADATA)):
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, key_serializer=str.encode, acks="all", retries=5,
                                       max_request_size=LARGEST_BYTES, value_serializer=lambda value: (
                                           value if isinstance(value, bytes) else json.dumps(value).encode()))
        self._prefix = prefix
        self._order = order
        self._sent = []

    def frame(self, session, stream, index, timestamp_ns, data, compression_format, quality=None, shape=None):
        frame_id = f"{session}_{stream}_{index}_{timestamp_ns}"
        original = math.prod(shape)
        names = {"frame_id": frame_id, "session_id": session, "stream_id": stream, "frame_index": index}
        records = {
            BINARY: data,
            METADATA: dict(names, capture_timestamp_ns=timestamp_ns, data_type="vrs_frame_binary", compression={
                "format": compression_format, "original_size": original, "compressed_size": len(data),
                "compression_ratio": len(data) / original, "quality": quality, "shape": shape, "dtype": "uint8"}),
            REGISTRY: dict(names, metadata_topic=METADATA, metadata_offset=None, binary_topic=BINARY, binary_offset=None,
                           size_bytes=len(data), compression_format=compression_format, status="LINKED",
                           compression_ratio=len(data) / original,
                           created_at=datetime.datetime.now(datetime.timezone.utc).isoformat()),
        }
        self._sent += [self._producer.send(self._prefix + topic, records[topic], key=frame_id) for topic in self._order]

    def sensor(self, key, record):
        """A sample of a sensor, as JSON."""
        self._sent.append(self._producer.send(self._prefix + SENSORS, record, key=key))

    def flush(self):
        """Until the broker has all of it; raises what it refused."""
        self._producer.flush()
        for sent in self._sent:
            sent.get(SILENCE_SECONDS)
        self._sent = []

    def close(self):
        self._producer.close()


def picture_of(data, compression_format, shape):
    """The bytes of a frame as an image of Pillow; raw ones by their shape: height, width, channels (none is one)."""
    if compression_format != "raw":
        picture = Image.open(io.BytesIO(data))
        picture.load()
        if picture.format != compression_format.upper():
            raise ValueError(f"{compression_format} bytes are a {picture.format} picture")
        return picture
    if len(data) != math.prod(shape):
        raise ValueError(f"{len(data)} bytes of a raw picture of shape {shape}")
    height, width, channels = shape if len(shape) == 3 else (*shape, 1)
    return Image.frombytes({1: "L", 3: "RGB"}[channels], (width, height), data)


class OldConsumer:
    """A member of a group that reads topics from their beginning to their present end."""

    def __init__(self, bootstrap, prefix=""):
        self._bootstrap = bootstrap
        self._prefix = prefix

    def _read(self, *topics):
        """(topic without prefix, key, value) of each record."""
        names = {self._prefix + topic for topic in topics}
        consumer = KafkaConsumer(*names, bootstrap_servers=self._bootstrap, group_id=f"{self._prefix}old-consumers",
                                 auto_offset_reset="earliest", enable_auto_commit=False,
                                 max_partition_fetch_bytes=LARGEST_BYTES, key_deserializer=bytes.decode)
        records = []
        deadline = time.monotonic() + SILENCE_SECONDS
        try:
            while True:
                for found in consumer.poll(timeout_ms=500).values():
                    records += [(record.topic[len(self._prefix):], record.key, record.value) for record in found]
                ends = consumer.end_offsets(list(consumer.assignment()))
                if {partition.topic for partition in ends} == names and all(
                        consumer.position(partition) >= end for partition, end in ends.items()):
                    return records
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{topics} were not read to their ends {ends}")
        finally:
            consumer.close(autocommit=False)

    def frames(self):
        """One of each registry entry that says LINKED, joined with metadata and bytes by the key."""
        found = {METADATA: {}, BINARY: {}, REGISTRY: {}}
        for topic, key, value in self._read(METADATA, BINARY, REGISTRY):
            if key in found[topic]:
                raise ValueError(f"{key} is in {topic} twice")
            found[topic][key] = value if topic == BINARY else json.loads(value)
        return [self._frame(entry, found[METADATA][key], found[BINARY][key])
                for key, entry in found[REGISTRY].items() if entry["status"] == "LINKED"]

    @staticmethod
    def _frame(entry, metadata, data):
        row = {name: metadata[name] for name in (
            "frame_id", "session_id", "stream_id", "frame_index", "timestamp", "capture_timestamp_ns",
            "device_timestamp_ns", "image_width", "image_height", "channels", "data_type",
            # beside the nested ones
            "compression_format", "compression_quality", "original_size", "compressed_size", "compression_ratio")}
        nested = metadata["compression"]
        for name, same in (("format", "compression_format"), ("original_size",) * 2, ("compressed_size",) * 2,
                           ("compression_ratio",) * 2):
            if nested[name] != row[same]:
                raise ValueError(f"{name} is {nested[name]} in compression, {row[same]} beside it")
        row.update({name: entry[name] for name in (
            "metadata_topic", "metadata_offset", "binary_topic", "binary_offset", "size_bytes", "created_at")})
        datetime.datetime.fromisoformat(row["timestamp"].rstrip("Z"))
        return dict(row, data=data, picture=picture_of(data, row["compression_format"], nested["shape"]))

    def sensors(self):
        """(key, sample) of each record of a sensor."""
        return [(key, json.loads(value)) for _, key, value in self._read(SENSORS)]

    def legacy_frames(self):
        """One of each record of legacy mode."""
        rows = []
        for _, key, value in self._read(LEGACY):
            record = json.loads(value)
            if (record["data_type"], record["stream_id"]) != ("vrs_frame", key):
                raise ValueError(f"key {key}: a record of {record['stream_id']}, type {record['data_type']}")
            frame = record["frame_data"]
            row = {name: frame[name] for name in (
                "stream_name", "frame_index", "capture_timestamp_ns", "image_shape", "pixel_format", "image_width",
                "image_height", "original_size_bytes", "compressed_size_bytes", "compression_quality")}
            if len(frame["image_data"]) != row["compressed_size_bytes"]:
                raise ValueError(f"{len(frame['image_data'])} characters of base64, said are {row['compressed_size_bytes']}")
            data = base64.b64decode(frame["image_data"], validate=True)
            if len(data) == math.prod(row["image_shape"]):
                picture = picture_of(data, "raw", row["image_shape"])
            else:
                picture = Image.open(io.BytesIO(data))
                picture.load()
            rows.append(dict(row, stream_id=record["stream_id"], timestamp=record["timestamp"], data=data, picture=picture))
        return rows
