#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""build/examples/kafka-demo as a newcomer runs it: a video, Ctrl-C, something that is no video, a broker that is not there."""

import os
import re
import signal
import subprocess
import sys
import tempfile

import tap

BUILD = os.environ["TRIB_BUILD_ROOT"]
DEMO = os.path.join(BUILD, "examples", "kafka-demo")
FRAMES = 90

t = tap.Tap()


def environment():
    return dict(os.environ, PATH=os.path.join(BUILD, "gst", "tools") + os.pathsep + os.environ["PATH"])


def make_video(path, frames):
    """A file of our own, so that the numbers of the report are known."""
    subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", f"num-buffers={frames}", "pattern=ball", "!",
                    "video/x-raw,width=320,height=240,framerate=30/1", "!", "jpegenc", "!", "avimux", "!",
                    "filesink", f"location={path}"], check=True, stdout=subprocess.DEVNULL,
                   timeout=60 * tap.PATIENCE)


def start(*arguments):
    return subprocess.Popen([DEMO, *arguments], env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, start_new_session=True)


def run(*arguments, timeout=60):
    child = start(*arguments)
    try:
        out, err = child.communicate(timeout=timeout * tap.PATIENCE)
    finally:
        if child.poll() is None:
            child.kill()
    return child.returncode, out, err


def numbers(out):
    found = re.search(r"^  frames +(\d+) in .*\n +(\d+) acknowledged, (\d+) failed, (\d+) dropped$", out, re.MULTILINE)
    tap.true(found, f"a line of frames in the report:\n{out}")
    return [int(n) for n in found.groups()]


with tempfile.TemporaryDirectory() as folder:
    video = os.path.join(folder, "ball.avi")
    endless = os.path.join(folder, "endless.avi")

    @t.test("a video arrives in the broker inside and is proven (ARIA-1)")
    def _():
        make_video(video, FRAMES)
        code, out, err = run(video)
        tap.equal((code, err), (0, ""), "exit status and standard error")
        tap.equal(numbers(out), [FRAMES, FRAMES, 0, 0], "frames, acknowledged, failed, dropped")
        tap.true(f"verdict   clean: {FRAMES} frames" in out, f"a clean verdict:\n{out}")
        pixels = re.search(r"bytes +([\d.]+) MB of pixels -> ([\d.]+) MB jpeg", out)
        tap.equal(pixels.group(1), f"{320 * 240 * 3 * FRAMES / 1e6:.1f}", "MB of packed RGB (ARIA-3)")
        wide = [line for line in out.splitlines() if len(line) > 80 and video not in line]
        tap.equal(wide, [], "lines wider than a terminal")

    @t.test("formats and qualities reach the encoder (ARIA-3)")
    def _():
        code, out, err = run("--format", "raw", video)
        tap.equal((code, err), (0, ""), "exit status and standard error")
        tap.true(re.search(r"MB raw \(100\.0 %\)", out), f"raw has all of its bytes:\n{out}")
        sizes = []
        for quality in ("10", "95"):
            code, out, err = run("--quality", quality, video)
            tap.equal((code, err), (0, ""), "exit status and standard error")
            sizes.append(float(re.search(r"jpeg \(([\d.]+) %\)", out).group(1)))
        tap.true(sizes[0] < sizes[1], f"quality 10 is smaller than 95: {sizes}")

    @t.test("Ctrl-C: what was on its way is delivered and proven")
    def _():
        make_video(endless, 20000)
        child = start(endless)
        seen = []
        while not any(re.match(r" *[1-9]\d*( of \d+)? frames", line) for line in seen):
            line = child.stdout.readline()
            tap.true(line, f"it ended before a frame was sent: {seen}")
            seen.append(line)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate()
        frames, acknowledged, failed, dropped = numbers(out)
        tap.true("Ending: what is on its way is delivered" in err, f"it says what it does: {err}")
        tap.true(0 < frames < 20000, f"it ended early: {frames}")
        tap.equal((acknowledged, failed, dropped), (frames, 0, 0), "every frame that was sent is there")
        tap.true(f"verdict   clean: {frames} frames" in out, f"a clean verdict:\n{out}")
        tap.equal(child.returncode, 0, "exit status")

    @t.test("what is no video is named in one line")
    def _():
        for name, content in (("text.avi", b"words, no pictures\n" * 50), ("empty.avi", b"")):
            path = os.path.join(folder, name)
            with open(path, "wb") as out_file:
                out_file.write(content)
            code, _, err = run(path)
            tap.equal(code, 2, f"exit status with {name}")
            tap.true(err.startswith(path) and len(err.splitlines()) == 1, f"one line that names it: {err!r}")

    @t.test("wrong arguments and a broker that is not there: exit status 2")
    def _():
        for arguments in ((os.path.join(folder, "absent.avi"),), (), ("--quality", "101", video),
                          ("--format", "gif", video)):
            code, _, err = run(*arguments)
            tap.equal(code, 2, f"exit status of {arguments}")
            tap.equal(len(err.splitlines()), 1, f"lines about {arguments}: {err!r}")
        # port 1 of the loopback interface: no server listens
        code, _, err = run("--bootstrap-servers", "127.0.0.1:1", video)
        tap.equal(code, 2, "exit status without a broker")
        tap.true("127.0.0.1:1" in err, f"the address is named: {err!r}")

    if not os.path.exists(DEMO):
        sys.exit(t.skip_all("built without examples"))
    sys.exit(t.run())
