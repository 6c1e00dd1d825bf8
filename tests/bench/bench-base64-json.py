#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures of 640x480 to Apache Kafka: kafkabinarysink beside the way it replaces, Python with base64 in JSON
(base64_json_producer.py). One JSON line a case:

    jpeg         both get JPEG pictures
    raw          both get raw RGB pictures and send them as they are
    compressed   both get raw RGB pictures and compress them to JPEG of quality 90 (frameencodebin, Pillow)
    raw, sent compressed   the old way sends them raw in base64, as it did; gst-tributary compresses

What is compared is the way from a picture in memory to the broker's acknowledgement: each contestant is a process of its own
(picture-producer, base64_json_producer.py) that has read the same files before it sends them again and again, because where pictures
come from is not the sink's work nor that of the old way. frames_per_cpu_s is frames per second of
processor time, user and system, so frames/s of one core; start-up is taken out by the difference of a long and a short run. Medians of
rounds that alternate. bytes_per_frame is what the broker stores, all three topics. The broker acknowledges with acks=all to
all; the old way has no idempotence, kafkabinarysink has.

Where pictures are sent as they are there is a floor: a bare librdkafka loop that sends three records of the same sizes a frame, which
computes no check sum of the picture, writes no JSON and has no idempotence. No sink on librdkafka can need less.

    bench-base64-json.py PICTURE_PRODUCER FOLDER
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time

import sinktest
from apache_kafka import ApacheKafka
from confluent_kafka.admin import AdminClient
from gi.repository import Gst

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURES = 60
FRAMES = {"jpg": (500, 8000), "rgb": (200, 1500)}  # of a short and a long run
ROUNDS = 3
RAW_CAPS = "video/x-raw,format=RGB,width=640,height=480,framerate=30/1"
JPEG_CAPS = "image/jpeg,width=640,height=480,framerate=30/1"


def prepare(folder):
    """Pictures of the footage, as JPEG and as raw RGB files."""
    os.makedirs(folder, exist_ok=True)
    pipeline = Gst.parse_launch(
        f"filesrc location={sinktest.footage()} ! decodebin ! videoconvert ! videoscale add-borders=false ! "
        f"{RAW_CAPS.replace(',framerate=30/1', '')} ! identity eos-after={PICTURES + 1} ! tee name=t "
        f"t. ! queue ! multifilesink location={folder}/%02d.rgb "
        f"t. ! queue ! videoconvert ! video/x-raw,format=I420 ! jpegenc quality=90 ! multifilesink location={folder}/%02d.jpg")
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if message is None or message.type != Gst.MessageType.EOS:
        raise SystemExit("the footage cannot be prepared")


def files(folder, suffix):
    return [f"{folder}/{i:02d}.{suffix}" for i in range(PICTURES)]


def ours(bootstrap, prefix, frames, folder, suffix, elements):
    caps = JPEG_CAPS if suffix == "jpg" else RAW_CAPS
    return [PICTURE_PRODUCER, bootstrap, prefix, str(frames), caps, elements, *files(folder, suffix)]


def old_way(bootstrap, prefix, frames, folder, suffix, how):
    return [sys.executable, os.path.join(HERE, "base64_json_producer.py"), bootstrap, prefix + sinktest.BINARY, str(frames),
            how, *files(folder, suffix)]


ENCODE = "frameencodebin format=jpeg quality=90"
CASES = {
    "jpeg": {"ours": (ours, "jpg", ""), "peer": (old_way, "jpg", "jpeg"), "floor": (ours, "jpg", "bare")},
    "raw": {"ours": (ours, "rgb", ""), "peer": (old_way, "rgb", "raw"), "floor": (ours, "rgb", "bare")},
    "compressed": {"ours": (ours, "rgb", ENCODE), "peer": (old_way, "rgb", "raw-to-jpeg")},
    "raw, sent compressed": {"ours": (ours, "rgb", ENCODE), "peer": (old_way, "rgb", "raw")},
}


def wait_and_watch(process):
    """(status, usage, peak memory in MB). ru_maxrss would count what the process was before it became the contestant."""
    peak = 0
    while True:
        with contextlib.suppress(OSError, ValueError):
            with open(f"/proc/{process.pid}/status", encoding="ascii") as lines:
                peak = max([peak] + [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")])
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            return status, usage, peak / 1024
        time.sleep(0.02)


def run(kafka, contestant, frames, folder):
    """(seconds, processor seconds, peak memory in MB, bytes stored) of one process."""
    make, suffix, how = contestant
    prefix = "bench-"
    for topic in sinktest.TOPICS[:3]:
        kafka.create_topic(prefix + topic, config={"max.message.bytes": 10485760})
    started = time.monotonic()
    process = subprocess.Popen(make(kafka.bootstrap, prefix, frames, folder, suffix, how), stdin=subprocess.DEVNULL)
    status, usage, peak = wait_and_watch(process)
    seconds = time.monotonic() - started
    if status != 0:
        raise SystemExit(f"{contestant} ended with {status}")
    stored = kafka.stored_bytes(prefix)
    client = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for deleted in client.delete_topics([prefix + topic for topic in sinktest.TOPICS[:3]]).values():
        deleted.result(30)
    return seconds, usage.ru_utime + usage.ru_stime, peak, stored


def measure(kafka, contestant, folder):
    counts = FRAMES[contestant[1]]
    short, full = (run(kafka, contestant, frames, folder) for frames in counts)
    frames = counts[1] - counts[0]
    return {"frames_per_s": frames / (full[0] - short[0]), "frames_per_cpu_s": frames / (full[1] - short[1]),
            "max_rss_mb": full[2], "bytes_per_frame": (full[3] - short[3]) / frames}


def medians(found):
    return {key: round(statistics.median(line[key] for line in found), 1) for key in found[0]}


def main(folder):
    prepare(folder)
    with ApacheKafka(name="bench-base64-json", settings={"file.delete.delay.ms": "200"}) as kafka:
        for name, contestants in CASES.items():
            found = {who: [] for who in contestants}
            for _ in range(ROUNDS):
                for who, contestant in contestants.items():
                    found[who].append(measure(kafka, contestant, folder))
            us, peer = medians(found["ours"]), medians(found["peer"])
            line = {"bench": "base64-json", "case": name, **us, "peer": "Python, base64 in JSON",
                    **{"peer_" + key: value for key, value in peer.items()},
                    "ratio": round(us["frames_per_cpu_s"] / peer["frames_per_cpu_s"], 2)}
            if "floor" in found:
                floor = medians(found["floor"])["frames_per_cpu_s"]
                line |= {"floor_frames_per_cpu_s": floor, "floor_ratio": round(floor / peer["frames_per_cpu_s"], 2)}
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    PICTURE_PRODUCER = sys.argv[1]
    main(sys.argv[2])
