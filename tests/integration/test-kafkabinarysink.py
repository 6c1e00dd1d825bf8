#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kafkabinarysink with real footage, its settings changed while it plays, and a program that is interrupted."""

import base64
import hashlib
import io
import os
import random
import signal
import subprocess
import sys

import sinktest
import tap
from apache_kafka import ROOT
from confluent_kafka import KafkaException
from gi.repository import Gst
from PIL import Image

t = tap.Tap()
FRAMES = 300
SWITCHES = 50
PICTURES = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "raw": "video/x-raw"}


@t.test("footage: every frame is LINKED, the verifier, kcat and a client of ours agree (ARIA-1, ARIA-2)")
def _():
    sinktest.need_element("frameencodebin")
    bootstrap = t.kafka.bootstrap
    path = sinktest.footage()
    with sinktest.Run(f"filesrc location={path} ! decodebin ! videoconvert ! frameencodebin session-id=street "
                      "stream-id=214-1 ! kafkabinarysink name=sink", bootstrap) as run:
        run.play().wait_eos(100)
        stats, _ = run.stop()
        tap.equal((run.errors, run.complaints, run.losses), ([], [], []), "errors, warnings, losses")
    tap.equal((stats["produced"], stats["acknowledged"]), (sinktest.FOOTAGE_FRAMES,) * 2, "produced, acknowledged")
    tap.equal((stats["pinned-bytes"], stats["pending-bytes"]), (0, 0), "pinned, pending")
    # an encoder's sparse buffers are compacted while frames pile up, which they do at full speed on
    # a busy machine
    t.diag(f"{stats['copied-frames']} frames copied, latency p50 {stats['latency-p50-us']} us, p99 {stats['latency-p99-us']} us, "
           f"peak {stats['peak-pending-bytes']} bytes")

    arrived = sinktest.Arrived(bootstrap)
    arrived.check(range(sinktest.FOOTAGE_FRAMES))
    for entry in arrived.linked:
        tap.equal(entry["frame_id"], "street_214-1_{frame_index}_{capture_timestamp_ns}".format(**entry), "frame id")
        record = arrived.bytes_of(entry)
        # faster than real time: the frames of a moment ago are of the future
        tap.true(0 < record.timestamp <= entry["capture_timestamp_ns"] // 1000000, "record timestamp")
        tap.equal(int(record.headers["capture-timestamp-ns"]), entry["capture_timestamp_ns"], "capture time")
        with Image.open(io.BytesIO(record.value)) as picture:
            picture.load()
            tap.equal((picture.format, picture.size), ("JPEG", (768, 576)), "picture")
    for entry in arrived.linked[::100]:
        record = arrived.bytes_of(entry)
        value = sinktest.kcat_value(bootstrap, record.topic, record.partition, record.offset)
        tap.equal(hashlib.sha256(value).hexdigest(), hashlib.sha256(record.value).hexdigest(), "bytes as kcat reads them")

    client = subprocess.run([sys.executable, os.path.join(ROOT, "tests", "clients", "frames_consumer.py"),
                             "--bootstrap-servers", bootstrap, "--session", "street", "--expect",
                             str(sinktest.FOOTAGE_FRAMES)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                            timeout=60 * tap.PATIENCE, check=False)
    tap.true(client.returncode == 0, f"frames_consumer.py: {client.stdout}")
    proof = sinktest.check_verifier(bootstrap)
    tap.equal(sum(stream["proven"] for stream in proof["streams"]), sinktest.FOOTAGE_FRAMES, "frames proven")


def picture_of(data, format_name, shape):
    """The decoded picture of a frame."""
    if format_name == "raw":
        height, width, channels = shape
        tap.equal(len(data), width * height * channels, "bytes of a raw frame")
        return Image.frombytes("RGB" if channels == 3 else "L", (width, height), data)
    picture = Image.open(io.BytesIO(data))
    picture.load()
    tap.equal(picture.format, PICTURES[format_name], "format of the picture")
    return picture


def check_picture(data, format_name, shape):
    """A test picture: its left bar is the brightest, whatever packed it."""
    picture = picture_of(data, format_name, shape).convert("RGB")
    tap.equal(picture.size, (320, 240), "size")
    red, green, blue = picture.getpixel((200, 60))
    tap.true(red > 150 and blue > 150 and green < 70, f"the magenta bar is {red, green, blue}")


def switched_run(bootstrap):
    """FRAMES frames while format, quality and mode change; returns the last stats."""
    chooser = random.Random(50)
    with sinktest.Run(f"videotestsrc num-buffers={FRAMES} ! video/x-raw,format=RGB,width=320,height=240,framerate=30/1 ! "
                      "identity name=pace ! frameencodebin name=encoder session-id=switched ! kafkabinarysink name=sink",
                      bootstrap, "switched-") as run:
        encoder = run.pipeline.get_by_name("encoder")
        seen = [0]

        # from the streaming thread, in the middle of the flow: no frame is between two of these
        # calls by luck alone
        def each_frame(_pad, _info):
            seen[0] += 1
            if seen[0] % (FRAMES // SWITCHES) == 0:
                Gst.util_set_object_arg(encoder, "format", chooser.choice(list(CONTENT_TYPES)))
                encoder.set_property("quality", chooser.choice((-1, 30, 60, 95)))
                Gst.util_set_object_arg(run.sink, "mode", chooser.choice(("binary", "legacy")))
            return Gst.PadProbeReturn.OK

        run.pipeline.get_by_name("pace").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, each_frame)
        run.play().wait_eos()
        tap.equal((run.errors, run.complaints, run.losses), ([], [], []), "errors, warnings, losses")
        return run.stop()[0]


@t.test("format, quality and mode change fifty times while playing: every frame once and decodable (ARIA-3, ARIA-4)")
def _():
    sinktest.need_element("frameencodebin")
    stats = switched_run(t.kafka.bootstrap)
    tap.equal((stats["produced"], stats["acknowledged"]), (FRAMES, FRAMES), "produced, acknowledged")
    arrived = sinktest.Arrived(t.kafka.bootstrap, "switched-")
    legacy = sinktest.read_topic(t.kafka.bootstrap, "switched-" + sinktest.LEGACY)
    arrived.check(sorted(set(range(FRAMES)) - {record.json["frame_index"] for record in legacy}))
    tap.equal(len(arrived.linked) + len(legacy), FRAMES, "frames of both modes")
    tap.true(arrived.linked and legacy, "both modes were in use")
    used = set()
    for entry in arrived.linked:
        record, metadata = arrived.bytes_of(entry), arrived.metadata_of(entry).json
        name = metadata["compression"]["format"]
        used.add(name)
        tap.equal(record.headers["content-type"], CONTENT_TYPES[name], "content type")
        tap.equal(record.headers["caps"].split(",")[0], CONTENT_TYPES[name], "caps")
        tap.equal(metadata["compression"]["compressed_size"], len(record.value), "compressed_size")
        check_picture(record.value, name, metadata["compression"]["shape"])
    for record in legacy:
        compression = record.json["compression"]
        picture = record.json["frame_data"]
        check_picture(base64.b64decode(picture["image_data"], validate=True), compression["format"],
                      compression["shape"])
        tap.equal(picture["compressed_size_bytes"], len(picture["image_data"]), "size of the text (ARIA-40)")
        tap.equal((record.key, record.headers["frame-id"]), (record.json["stream_id"], record.json["frame_id"]),
                  "key of a legacy record (ARIA-40), frame id")
        used.add(compression["format"])
    tap.equal(used, set(CONTENT_TYPES), "formats in use")


def interrupted(number, session):
    """gst-launch-1.0 -e with a live source, sent a signal once frames are linked."""
    bootstrap = t.kafka.bootstrap
    child = subprocess.Popen(
        ["gst-launch-1.0", "-e", "videotestsrc", "is-live=true", "!",
         "video/x-raw,width=320,height=240,framerate=30/1", "!", "frameencodebin", "session-id=" + session, "!",
         "kafkabinarysink", "bootstrap-servers=" + bootstrap, f"topic-prefix={session}-"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        def linked():
            tap.true(child.poll() is None, "gst-launch-1.0 ended early")
            try:
                return len(sinktest.read_topic(bootstrap, f"{session}-{sinktest.REGISTRY}")) >= 20
            except (AssertionError, KafkaException):
                return False  # the topic is being made
        tap.wait_until(linked, 30, "20 frames in the registry", interval=0.2)
        child.send_signal(number)
        output, _ = child.communicate(timeout=30 * tap.PATIENCE)
    finally:
        child.kill()
        child.wait()
    return child.returncode, output


@t.test("Ctrl-C of gst-launch-1.0 -e: what was produced is acknowledged, the verifier finds nothing (ARIA-5)")
def _():
    status, output = interrupted(signal.SIGINT, "sigint")
    tap.true(status == 0, f"status {status}: {output}")
    tap.true("WARNING" not in output and "ERROR" not in output, output)
    arrived = sinktest.Arrived(t.kafka.bootstrap, "sigint-")
    arrived.check(range(len(arrived.linked)))
    tap.equal(len(arrived.failed), 0, "FAILED entries")
    sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", "sigint-")


@t.test("SIGTERM of gst-launch-1.0, which nothing catches: every registry entry is still true (ARIA-1)")
def _():
    status, _ = interrupted(signal.SIGTERM, "sigterm")
    arrived = sinktest.Arrived(t.kafka.bootstrap, "sigterm-")
    t.diag(f"status {status}, {len(arrived.linked)} frames")
    arrived.check(range(len(arrived.linked)), orphans=len(arrived.binary) - len(arrived.linked))
    orphans = {int(record.key.rsplit("_", 2)[1]) for record in arrived.binary.values()}
    tap.true(min(orphans - set(range(len(arrived.linked))), default=len(arrived.linked)) == len(arrived.linked),
             f"only the last frames were on their way when the process ended: {sorted(orphans)}, {len(arrived.linked)} linked")


if __name__ == "__main__":
    sys.exit(sinktest.main(t, "kafkabinarysink", partitions=3))
