#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames to an old process and back, by a client written from OBS-10 alone."""

import json
import os
import subprocess
import sys
import tempfile

import tap

sys.dont_write_bytecode = True
t = tap.Tap()
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
CLIENT = os.path.join(ROOT, "tests", "clients", "old_process.py")
FRAMES = 20


def start(*command, **options):
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finish(process, what):
    out, said = process.communicate(timeout=60 * tap.PATIENCE)
    tap.equal(process.returncode, 0, f"status of {what} ({said})")
    return out


def launch(line, **options):
    return start("gst-launch-1.0", "-q", "-e", *line.split(), **options)


def jpegs(folder, name):
    paths = sorted(os.path.join(folder, entry) for entry in os.listdir(folder) if entry.startswith(name))
    data = []
    for path in paths:
        with open(path, "rb") as stream:
            data.append(stream.read())
    return paths, data


@t.test("frameencodebin to the old process, and from it back through obssrc: ids, times, each byte (OBS-10)")
def _():
    with tempfile.TemporaryDirectory() as folder:
        sender = launch(
            f"videotestsrc num-buffers={FRAMES} pattern=ball ! video/x-raw,width=160,height=120,framerate=30/1 ! "
            "frameencodebin time-origin=2026-01-31T12:00:00Z ! tee name=t ! queue ! "
            f"obssink socket-type=fifo framing=length-header location={folder}/there on-no-receiver=wait max-records=100 drain-ms=60000 "
            f"t. ! queue ! multifilesink async=false location={folder}/sent-%02d.jpg")
        tap.wait_until(lambda: os.path.exists(f"{folder}/there"), what="the FIFO")
        listed = finish(start(sys.executable, CLIENT, "read", f"{folder}/there"), "the reader").splitlines()
        finish(sender, "the sender")
        paths, sent = jpegs(folder, "sent")
        tap.equal(len(sent), FRAMES, "files")
        tap.equal([int(line.split()[0]) for line in listed], list(range(FRAMES)), "frame ids")
        times = [int(line.split()[1]) for line in listed]
        tap.equal(times[0], 1769860800 * 10**9, "the first time")
        tap.equal(times[3] - times[0], 10**8, "three frames at 30 Hz")
        receiver = launch(
            f"obssrc socket-type=fifo framing=length-header location={folder}/back num-buffers={FRAMES} ! image/jpeg ! "
            f"tee name=t ! queue ! multifilesink location={folder}/back-%02d.jpg t. ! queue ! jpegdec ! qualityextract ! ndjsonenc ! "
            f"filesink location={folder}/list")
        tap.wait_until(lambda: os.path.exists(f"{folder}/back"), what="the FIFO back")
        finish(start(sys.executable, CLIENT, "write", f"{folder}/back", *paths), "the writer")
        finish(receiver, "the receiver")
        tap.true(jpegs(folder, "back-")[1] == sent, "the same bytes")
        with open(f"{folder}/list", encoding="utf-8") as stream:
            got = [json.loads(line) for line in stream]
        tap.equal([(record["frame_id"], record["t_ns"]) for record in got], [(i, i) for i in range(FRAMES)], "identities")


@t.test("a FIFO that others than one writer use ends in an error that says so (OBS-10)")
def _():
    with tempfile.TemporaryDirectory() as folder:
        receiver = launch(f"obssrc socket-type=fifo framing=length-header location={folder}/fifo ! fakesink")
        tap.wait_until(lambda: os.path.exists(f"{folder}/fifo"), what="the FIFO")
        with open(f"{folder}/fifo", "wb") as stream:
            stream.write(b"not a header, nor a picture")
        said = receiver.communicate(timeout=60 * tap.PATIENCE)[1]
        tap.true(receiver.returncode != 0 and "boundary of frames is lost" in said, f"what it said: {said}")


sys.exit(t.run())
