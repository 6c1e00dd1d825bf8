#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Four live sources as processes of their own, over pipes: uneven delays, one that dies and comes back, one whose clock is
12 ms off. Ten minutes' worth of frames, faster than life (OBS-5)."""

import collections
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import tap

t = tap.Tap()
FRAMES = 10 * 60 * 10  # ten minutes at 10 frames/s
PACE = 0.002           # a frame each so many seconds
DIES, RETURNS = FRAMES // 3, FRAMES // 2
PERIOD_NS = 100_000_000
T0 = 1_767_225_600_000_000_000

# source, delay of frame f in seconds; one process each
SOURCE = r"""
import json, sys, time
name, first, last, pace, offset_ns, t0, period = sys.argv[1], *map(float, sys.argv[2:])
delays = {"quality": lambda f: .001, "face": lambda f: .004 + .003 * (f % 4), "pose": lambda f: .002 * (f % 7),
          "gesture": lambda f: .006 if f % 11 else .012}[name]
out = sys.stdout.buffer
print("ready", file=sys.stderr, flush=True)
started = float(sys.stdin.readline())
for f in range(int(first), int(last)):
    wait = started + f * pace + delays(f) - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    record = {"type": name, "frame_id": f, "t_ns": int(t0) + f * int(period) + int(offset_ns), "processing_ms": delays(f) * 1e3}
    out.write(json.dumps(record).encode().ljust(255) + b"\n")
    out.flush()
"""


def make_source(name, fd, first, last, offset_ns=0):
    """A process that is ready, and begins when it is told."""
    arguments = [sys.executable, "-c", SOURCE, name] + [repr(float(x)) for x in
                 (first, last, PACE, offset_ns, T0, PERIOD_NS)]
    process = subprocess.Popen(arguments, stdout=fd, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    tap.equal(process.stderr.readline(), "ready\n", f"{name} is there")
    return process


def begin(process, started):
    print(repr(started), file=process.stdin, flush=True)


def rss_kib(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@t.test("four processes, ten minutes' worth of frames: one fused record a frame, who is missing is named (OBS-5)")
def _():
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "records.jsonl")
        pipes = {name: os.pipe() for name in ("quality", "face", "pose", "gesture")}
        branches = " ".join(f"fdsrc fd={read} blocksize=256 ! application/json ! a.sink_{i}"
                            for i, (read, _) in enumerate(pipes.values()))
        line = ("obsaligner name=a sources=quality,face,pose,gesture window-ms=10000 idle-timeout-ms=3000 "
                f"max-pending=8192 idle-completes=true records={log} ! fdsink fd=1 sync=false {branches}")
        launch = subprocess.Popen(["gst-launch-1.0", "-q"] + line.split(), stdout=subprocess.PIPE,
                                  pass_fds=[read for read, _ in pipes.values()])
        for read, _ in pipes.values():
            os.close(read)
        fused, memory = [], []

        def read_all():
            decoder, text = json.JSONDecoder(), ""
            while chunk := os.read(launch.stdout.fileno(), 65536):
                text += chunk.decode()
                while text:
                    try:
                        value, end = decoder.raw_decode(text)
                    except ValueError:
                        break
                    fused.append((value["frame_id"], value["reason"], sorted(value["have"]),
                                  [m["source"] for m in value["missing"]], value["spread_ns"]))
                    text = text[end:]
                if len(fused) % 500 < 5:
                    memory.append(rss_kib(launch.pid))

        reader = threading.Thread(target=read_all)
        reader.start()
        sources = [make_source(name, write, 0, FRAMES, 12_000_000 if name == "pose" else 0)
                   for name, (_, write) in pipes.items() if name != "gesture"]
        mortal = make_source("gesture", pipes["gesture"][1], 0, FRAMES)
        started = time.monotonic() + 0.1
        for source in [*sources, mortal]:
            begin(source, started)
        tap.wait_until(lambda: len(fused) >= DIES, 120, "the first third")
        mortal.send_signal(signal.SIGKILL)
        mortal.wait()
        tap.wait_until(lambda: len(fused) >= RETURNS, 120, "frames without the dead one")
        sources.append(make_source("gesture", pipes["gesture"][1], len(fused) + 100, FRAMES))
        begin(sources[-1], started)
        for _, write in pipes.values():
            os.close(write)
        for source in sources:
            tap.equal(source.wait(), 0, "status of a source")
        tap.equal(launch.wait(), 0, "status of gst-launch-1.0")
        reader.join()
        with open(log, encoding="utf-8") as stream:
            lines = collections.Counter(
                "clock" if "now_ns" in line else "end" if line.get("kind") == "eos" else line.get("ev", "arrival")
                for line in map(json.loads, stream))

    tap.equal([f[0] for f in fused], list(range(FRAMES)), "the frames, in order")
    whole = [f for f in fused if len(f[2]) == 4]
    lacking = [f for f in fused if len(f[2]) < 4]
    tap.equal({tuple(f[3]) for f in lacking}, {("gesture",)}, "who is ever missing")
    tap.true(all(f[1] == "complete" for f in whole), "a frame that all answered is complete")
    tap.equal({f[4] for f in whole}, {12_000_000}, "the clock that is off, as spread_ns")
    tap.true(len(whole) > FRAMES // 2, f"{len(whole)} whole frames")
    # the log has all that came, and what of it came too late
    tap.equal(lines["arrival"] - lines["late"], sum(len(f[2]) for f in fused), "arrivals in the log")
    half = len(memory) // 2
    tap.true(max(memory[half:]) < max(memory[:half]) * 1.25 + 8192, f"memory is flat: {memory[:3]} ... {memory[-3:]} KiB")
    t.diag(f"{len(whole)} whole, {len(lacking)} without gesture, reasons {dict(collections.Counter(f[1] for f in fused))}")


sys.exit(t.run())
