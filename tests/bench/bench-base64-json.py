#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures of 640x480 to Apache Kafka: kafkabinarysink beside the way it replaces, Python with base64 in JSON
(base64_json_producer.py). One JSON line a case:

    jpeg         both get JPEG pictures
    raw          both get raw RGB pictures and send them as they are
    compressed   both get raw RGB pictures and compress them to JPEG of quality 90 (frameencodebin, Pillow)
    raw, sent compressed   the old way sends them raw in base64, as it did; gst-tributary compresses

Each contestant is a process of its own that reads the same files again and again. frames_per_cpu_s is frames per second of
processor time, so frames/s of one core; start-up is taken out by the difference of a long and a short run. Medians.
bytes_per_frame is what the broker stores, all three topics.
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
SHORT, LONG = 200, 2000
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


def ours(bootstrap, prefix, frames, folder, suffix, encode):
    caps = JPEG_CAPS if suffix == "jpg" else RAW_CAPS
    line = (f"multifilesrc location={folder}/%02d.{suffix} start-index=0 stop-index={PICTURES - 1} loop=true "
            f"num-buffers={frames} caps={caps} ! {encode}kafkabinarysink bootstrap-servers={bootstrap} "
            f"topic-prefix={prefix} session-id=bench stream-id=camera-0")
    return ["gst-launch-1.0", "-q", *line.split()]


def old_way(bootstrap, prefix, frames, folder, suffix, how):
    return [sys.executable, os.path.join(HERE, "base64_json_producer.py"), bootstrap, prefix + sinktest.BINARY, str(frames),
            how, *[f"{folder}/{i:02d}.{suffix}" for i in range(PICTURES)]]


CASES = {
    "jpeg": ((ours, "jpg", ""), (old_way, "jpg", "jpeg")),
    "raw": ((ours, "rgb", ""), (old_way, "rgb", "raw")),
    "compressed": ((ours, "rgb", "frameencodebin format=jpeg quality=90 ! "), (old_way, "rgb", "raw-to-jpeg")),
    "raw, sent compressed": ((ours, "rgb", "frameencodebin format=jpeg quality=90 ! "), (old_way, "rgb", "raw")),
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
    short, full = run(kafka, contestant, SHORT, folder), run(kafka, contestant, LONG, folder)
    frames = LONG - SHORT
    return {"frames_per_s": frames / (full[0] - short[0]), "frames_per_cpu_s": frames / (full[1] - short[1]),
            "max_rss_mb": full[2], "bytes_per_frame": (full[3] - short[3]) / frames}


def main(folder):
    prepare(folder)
    with ApacheKafka(name="bench-base64-json", settings={"file.delete.delay.ms": "200"}) as kafka:
        for name, contestants in CASES.items():
            results = ([], [])
            for _ in range(ROUNDS):
                for found, contestant in zip(results, contestants):
                    found.append(measure(kafka, contestant, folder))
            us, peer = ({key: round(statistics.median(line[key] for line in found), 1) for key in found[0]}
                        for found in results)
            print(json.dumps({"bench": "base64-json", "case": name, **us, "peer": "Python, base64 in JSON",
                              **{"peer_" + key: value for key, value in peer.items()},
                              "ratio": round(us["frames_per_cpu_s"] / peer["frames_per_cpu_s"], 2)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
