#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/watch-frames on real footage: one fused record a frame, an end in order, and what it says when it cannot watch (OBS-3, OBS-5)."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import sinktest
import tap

t = tap.Tap()
PROGRAM = sys.argv[1]
WAIT = 60 * tap.PATIENCE
QUALITY = "quality=qualityextract; small=qualityextract shrink=4"


def run(*arguments):
    """Status, lines of the standard output, lines of the standard error; OpenCV's own are left out."""
    done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, timeout=WAIT)
    said = [line for line in done.stderr.splitlines() if not line.startswith("[ERROR:")]
    return done.returncode, done.stdout.splitlines(), said


def check_fused(lines, sources):
    """One record a frame, in order, each with what was said of that frame and no other."""
    fused = [json.loads(line) for line in lines]
    tap.equal([record["frame_id"] for record in fused], list(range(len(fused))), "frame ids, each once, in order")
    for record in fused:
        tap.equal(record["type"], "fused", f"type of {record}")
        missing = {one["source"] for one in record.get("missing", [])}
        tap.equal(set(record["have"]) | missing, set(sources), f"sources of {record}")
        tap.equal({(one["frame_id"], one["t_ns"]) for one in record["have"].values()} - {(record["frame_id"], record["t_ns"])},
                  set(), f"frames that observations are of, in {record}")
    return fused


@t.test("real footage: one fused record a frame, all branches in each, the books close (OBS-3, OBS-5)", timeout=300)
def _():
    status, lines, said = run("--branches", QUALITY, sinktest.footage())
    tap.equal(status, 0, f"status ({said})")
    fused = check_fused(lines, ("quality", "small"))
    tap.equal(len(fused), sinktest.FOOTAGE_FRAMES, "fused records")
    tap.true(all(record["reason"] == "complete" and len(record["have"]) == 2 for record in fused), "all are complete")
    tap.equal(said, ["795 frames, 795 looked at, 795 fused records"] + [
        f"{name}: 795 answered, 0 empty, 0 timeouts, 0 skipped, 0 late" for name in ("quality", "small")], "what it says at the end")


@t.test("jq reads what it prints")
def _():
    if shutil.which("jq") is None:
        tap.skip("no jq")
    with tempfile.TemporaryDirectory() as folder:
        path = make_video(folder, "short.mkv", "")
        lines = run("--branches", QUALITY, path)[1]
        done = subprocess.run(["jq", "-r", "[.frame_id, .have.quality.width, (.have | length)] | @csv"], input="\n".join(lines), text=True,
                              stdout=subprocess.PIPE, check=True, timeout=WAIT)
        tap.equal(done.stdout.splitlines(), [f"{n},64,2" for n in range(20)], "what jq makes of it")


def make_video(folder, name, more):
    path = os.path.join(folder, name)
    line = f"matroskamux name=m ! filesink location={folder}/made {more} videotestsrc num-buffers=20 ! video/x-raw,width=64,height=48 ! jpegenc ! m."
    subprocess.run(["gst-launch-1.0", "-q"] + line.split(), check=True, timeout=WAIT)
    os.rename(f"{folder}/made", path)
    return path


@t.test("a file may have any name, and sound before its pictures")
def _():
    with tempfile.TemporaryDirectory() as folder:
        path = make_video(folder, "\u00fc \"x\" ! \\y.mkv", "audiotestsrc num-buffers=50 ! audioconvert ! audio/x-raw,format=S16LE ! queue ! m.")
        status, lines, said = run("--branches", QUALITY, path)
        tap.equal(status, 0, f"status ({said})")
        tap.equal(len(check_fused(lines, ("quality", "small"))), 20, "fused records")


@t.test("Ctrl-C ends in order: whole records, one a frame, what became of them, status 0")
def _():
    with subprocess.Popen([PROGRAM, "--branches", QUALITY + "; slow=identity sleep-time=20000 ! qualityextract", sinktest.footage()],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        first = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=WAIT)
    tap.equal(process.returncode, 0, f"status ({said})")
    fused = check_fused(first + rest.splitlines(), ("quality", "small", "slow"))
    words = said.splitlines()[0].split()
    tap.equal((int(words[0]), int(words[-3])), (len(fused), len(fused)), f"frames and fused records in {said!r}")
    tap.true(len(fused) < sinktest.FOOTAGE_FRAMES, "it did not go on to the end")


def check_refused(*arguments, what):
    status, lines, said = run(*arguments)
    tap.equal(status, 2, f"status of {arguments} ({said})")
    tap.equal(lines, [], "what is printed")
    tap.equal(len(said), 1, f"lines that say why: {said}")
    tap.true(all(word in said[0] for word in what), f"{what} in {said[0]!r}")


@t.test("what cannot be watched is named in one line, with status 2")
def _():
    with tempfile.TemporaryDirectory() as folder:
        empty, text, sound = (os.path.join(folder, name) for name in ("empty.mkv", "text.txt", "sound.wav"))
        with open(empty, "wb"), open(text, "w", encoding="utf-8") as stream:
            stream.write("no video at all\n" * 100)
        subprocess.run(["gst-launch-1.0", "-q"] + f"audiotestsrc num-buffers=50 ! wavenc ! filesink location={sound}".split(), check=True,
                       timeout=WAIT)
        for path in (empty, text, sound, folder, f"{folder}/nothing.mkv", "/dev/video-that-is-none"):
            check_refused("--branches", QUALITY, path, what=(path,))


@t.test("invalid options are named in one line, with status 2")
def _():
    video = "/dev/null"
    check_refused("--branches", "rubbish", video, what=("--branches", "NAME=ELEMENTS"))
    check_refused("--branches", "", video, what=("--branches", "NAME=ELEMENTS"))
    check_refused("--branches", "a=no-such-element", video, what=("branches", "no-such-element"))
    check_refused("--branches", "a=qualityextract; a=qualityextract", video, what=("branches", "twice"))
    check_refused("--branches", "a=qualityextract nothing=1", video, what=("branches", "nothing"))
    check_refused("--window-ms", "-5", video, what=("--window-ms",))
    check_refused("--window-ms", "soon", video, what=("soon",))
    check_refused("--nonsense", what=("--nonsense",))
    check_refused("one", "two", what=("one video",))


sys.exit(t.run())
