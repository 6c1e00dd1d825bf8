#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two cameras of four sources each through one aligner, one of them restarting; and observations of old processes in each form
(OBS-5, OBS-10)."""

import collections
import json
import os
import subprocess
import sys
import tempfile

import tap

sys.dont_write_bytecode = True
t = tap.Tap()
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
CLIENT = os.path.join(ROOT, "tests", "clients", "old_observers.py")
SOURCES = ("face", "pose", "gesture", "quality")
FRAMES = {("s1", "left"): 40, ("s2", "right"): 20, ("s3", "right"): 20}
OLD_FRAMES = 20


def start(*command):
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process, what):
    _, said = process.communicate(timeout=60 * tap.PATIENCE)
    tap.equal(process.returncode, 0, f"status of {what} ({said})")


def lines_of(path):
    with open(path, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def camera(number, session, stream, frames, caps):
    """All frames have the same numbers and, by the same origin, the same times as those of the others."""
    branches = "; ".join(f"{source}[timeout-ms=60000]=qualityextract" for source in SOURCES)
    return (f"videotestsrc num-buffers={frames} ! video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1 ! "
            f"framestamp session-id={session} stream-id={stream} time-origin=2026-01-31T12:00:00Z ! extractorbin name=x{number} "
            f"strategy=none deadline-aware=false timeout-ms=60000 branches=\"{branches}\" "
            f"x{number}.src ! fakesink async=false x{number}.obs ! {caps} ! queue ! align.sink_{number} ")


def check_cameras(caps):
    with tempfile.TemporaryDirectory() as folder:
        line = "".join(camera(i, *which, frames, caps) for i, (which, frames) in enumerate(FRAMES.items()))
        finish(start("sh", "-c", f"gst-launch-1.0 -q {line} obsaligner name=align sources={','.join(SOURCES)} window-ms=60000 "
                     f"records={folder}/log ! ndjsonenc ! filesink location={folder}/fused async=false"), "the pipeline")
        fused = lines_of(f"{folder}/fused")
        found = collections.Counter((r["session"], r["stream"], r["frame_id"], r["reason"]) for r in fused)
        tap.equal(found, {(*which, frame, "complete"): 1 for which, frames in FRAMES.items() for frame in range(frames)},
                  "one complete record a frame and camera")
        for record in fused:
            tap.equal(sorted(record["have"]), sorted(SOURCES), "its sources")
            tap.equal({(o["session"], o["stream"], o["frame_id"], o["t_ns"], o["source"] == name)
                       for name, o in record["have"].items()},
                      {(record["session"], record["stream"], record["frame_id"], record["t_ns"], True)}, "all of that frame")
        # the last counters of each stream close
        stats = {(r["session"], r["stream"]): r for r in lines_of(f"{folder}/log") if r.get("ev") == "stats"}
        tap.equal({which: (r["in"], r["emitted"], r["late"], r["dup"], r["pending"]) for which, r in stats.items()},
                  {which: (4 * frames, 4 * frames, 0, 0, 0) for which, frames in FRAMES.items()}, "books")


@t.test("two cameras with equal frame ids and times, and one that restarts, in JSON (OBS-5)")
def _():
    check_cameras("application/json")


@t.test("the same in MessagePack (OBS-5)")
def _():
    check_cameras("application/x-msgpack")


def observe(form, how):
    with tempfile.TemporaryDirectory() as folder:
        receiver = start("sh", "-c", f"exec gst-launch-1.0 -q -e obssrc location={folder}/obs socket-type=datagram "
                         f"num-buffers={3 * OLD_FRAMES} {how} ! obsaligner sources=face,pose,quality window-ms=60000 ! ndjsonenc ! "
                         f"filesink location={folder}/fused")
        tap.wait_until(lambda: os.path.exists(f"{folder}/obs"), what="the socket")
        finish(start(sys.executable, CLIENT, form, f"{folder}/obs", "--frames", str(OLD_FRAMES)), "the observers")
        finish(receiver, "the receiver")
        fused = lines_of(f"{folder}/fused")
        tap.equal([(r["frame_id"], r["t_ns"], r["reason"], sorted(r["have"])) for r in fused],
                  [(i, i * 33_000_000, "complete", ["face", "pose", "quality"]) for i in range(OLD_FRAMES)], "one record a frame")
        return [r["have"] for r in fused]


@t.test("old processes that do not name a stream, as text (OBS-10)")
def _():
    for have in observe("text", "format=text"):
        tap.equal(have["face"]["faces"][0]["bbox"], [0.1, 0.1, 0.2, 0.2], "the box as it was sent")
        tap.equal((have["face"]["faces"][0]["confidence"], have["quality"]["blur"]), (0.95, 712.6), "numbers")


@t.test("the newer ones, in JSON and MessagePack: signals unchanged (OBS-10)")
def _():
    for how in ("", "! msgpackenc"):
        for have in observe("json", how):
            tap.equal(have["quality"]["signals"], {"blur": 712.6, "brightness": 119.9}, f"signals {how}")


sys.exit(t.run())
