#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The way that gst-tributary replaces, at its best: a Python loop that sends each picture in base64 inside one JSON message
(ARIA-4's legacy layout), with confluent_kafka. The counterpart of kafkabinarysink in bench-base64-json.py.

    base64_json_producer.py BOOTSTRAP TOPIC FRAMES jpeg|raw|raw-to-jpeg FILE...

jpeg: the files are sent as they are; raw: likewise, 640x480 RGB pictures; raw-to-jpeg: these are compressed by Pillow first.
The files are read once, before anything is sent.
"""

import base64
import io
import itertools
import json
import pathlib
import sys
import time

from confluent_kafka import Producer

WIDTH, HEIGHT = 640, 480
QUALITY = 90


def compress(data):
    from PIL import Image
    out = io.BytesIO()
    Image.frombuffer("RGB", (WIDTH, HEIGHT), data).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def message(index, t_ns, data, picture_format):
    return json.dumps({
        "frame_id": f"bench_camera-0_{index}_{t_ns}", "session_id": "bench", "stream_id": "camera-0", "frame_index": index,
        "timestamp_ns": t_ns, "image_width": WIDTH, "image_height": HEIGHT, "channels": 3, "format": picture_format,
        "data": base64.b64encode(data).decode("ascii")}).encode()


def main(bootstrap, topic, frames, how, *paths):
    failed = []
    producer = Producer({"bootstrap.servers": bootstrap, "message.max.bytes": 10 << 20, "acks": "all",
                         "queue.buffering.max.kbytes": 65536})

    def report(error, _):
        if error:
            failed.append(error)

    for index, data in zip(range(int(frames)), itertools.cycle([pathlib.Path(path).read_bytes() for path in paths])):
        if how == "raw-to-jpeg":
            data = compress(data)
        t_ns = time.time_ns()
        value = message(index, t_ns, data, "raw" if how == "raw" else "jpeg")
        while True:
            try:
                producer.produce(topic, value, key=f"bench_camera-0_{index}_{t_ns}", on_delivery=report)
                break
            except BufferError:
                producer.poll(0.01)
        producer.poll(0)
    producer.flush()
    if failed:
        raise SystemExit(f"{len(failed)} messages failed: {failed[0]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
