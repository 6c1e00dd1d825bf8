#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tributary-align on files, pipes and what obsaligner recorded (OBS-5, OBS-7)."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile

import tap

t = tap.Tap()
TOOL = os.environ.get("TRIB_ALIGN") or sys.argv[1]
MS = 1000000
NAMES = ("face", "pose", "gesture")


def arrival(source, frame, at_ms, **more):
    return {"type": source, "source": source, "frame_id": frame, "t_ns": frame * 33 * MS, "arrival_ns": int(at_ms * MS), **more}


def text_of(lines):
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def run(data, *options, status=0):
    """The lines that tributary-align writes, parsed; and what it complains of."""
    done = subprocess.run([TOOL, *options], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          timeout=60 * tap.TIMEOUT_MULTIPLIER)
    tap.equal(done.returncode, status, f"exit status; {done.stderr.decode()}")
    return done.stdout, done.stderr.decode()


def emits(output):
    return [line for line in map(json.loads, output.splitlines()) if line.get("ev") == "emit"]


@t.test("the lines of a small log, to the byte")
def _():
    data = text_of([arrival("face", 0, 10), arrival("pose", 0, 20), arrival("gesture", 0, 111), {"now_ns": 300 * MS}])
    out, _ = run(data, "--sources=face,pose,gesture", "--output=emits")
    tap.equal(out.decode(), '{"v":1,"ev":"emit","mono":110000000,"epoch":0,"frame":0,"t":0,"reason":"timeout","pane":0,'
              '"have":{"face":{"arr":10000000,"delay":10000000},"pose":{"arr":20000000,"delay":20000000}},'
              '"missing":[{"src":"gesture","why":"timeout"}],"spread":0,"wait":100000000}\n', "emits")
    out, _ = run(data, "--sources=face,pose,gesture", "--output=fused")
    fused = json.loads(out)
    tap.equal((fused["type"], fused["frame_id"], fused["reason"], sorted(fused["have"]), fused["missing"]),
              ("fused", 0, "timeout", ["face", "pose"], [{"source": "gesture", "why": "timeout"}]), "fused record")
    tap.equal((fused["have"]["face"]["type"], fused["have"]["face"]["delay_ms"]), ("face", 10.0), "the observation in it")
    out, _ = run(data, "--sources=face,pose,gesture")
    words = [json.loads(line)["ev"] for line in out.splitlines()]
    tap.true({"emit", "late", "stats"} <= set(words), f"everything that happened: {words}")


@t.test("a source with several records has a list; why it skipped a frame; a blank around a line is no part of it")
def _():
    lines = [arrival("face", 0, 1, part=1, parts=2), arrival("face", 0, 2, part=2, parts=2, delay_ms=7),
             arrival("pose", 0, 3, kind="skipped", reason="busy")]
    out, _ = run(b"".join(b" \t" + text_of([line]).rstrip() + b" \r\n" for line in lines), "--sources=face,pose",
                 "--output=fused")
    fused = json.loads(out, object_pairs_hook=no_name_twice)
    tap.equal([(part["part"], part["delay_ms"]) for part in fused["have"]["face"]], [(1, 1.0), (2, 2.0)], "parts")
    tap.equal(fused["missing"], [{"source": "pose", "why": "skipped", "reason": "busy"}], "missing")


def no_name_twice(pairs):
    tap.equal(len({name for name, _ in pairs}), len(pairs), f"names in {pairs}")
    return dict(pairs)


def recording(seed, frames=300):
    """Three sources, uneven delays, frames left out."""
    chance = random.Random(seed)
    lines = [arrival(name, frame, frame * 33 + chance.uniform(1, 180), score=chance.random())
             for frame in range(frames) for name in NAMES if chance.random() > 0.05]
    return sorted(lines, key=lambda line: line["arrival_ns"])


@t.test("the same input gives the same bytes, whatever clock lines are in it; the books close")
def _():
    for seed in range(5):
        lines = recording(seed)
        out, _ = run(text_of(lines), "--sources=face,pose,gesture")
        again, _ = run(text_of(lines), "--sources=face,pose,gesture")
        tap.true(out == again, "the same bytes")
        dense = []
        for line in lines:
            dense += [{"now_ns": line["arrival_ns"] - MS}, line]
        with_clock, _ = run(text_of(dense), "--sources=face,pose,gesture")
        tap.true(out == with_clock, "with clock lines")
        stats = [line for line in map(json.loads, out.splitlines()) if line["ev"] == "stats"][-1]
        tap.equal(stats["in"], stats["emitted"] + stats["late"] + stats["dup"] + stats["pending"], f"books {stats}")
        tap.equal(stats["in"], len(lines), "records in")


@t.test("a table of windows: a longer one has more complete frames, and waits longer")
def _():
    out, _ = run(text_of(recording(7)), "--sources=face,pose,gesture", "--compare", "window-ms=50,100,200")
    rows = [line.split() for line in out.decode().splitlines() if "(all)" in line]
    tap.equal([row[0] for row in rows], ["50", "100", "200"], "values")
    complete, timeout = [int(row[2]) for row in rows], [int(row[3]) for row in rows]
    tap.true(complete == sorted(complete) and complete[0] < complete[2], f"complete {complete}")
    tap.true(timeout == sorted(timeout, reverse=True), f"timeout {timeout}")
    sources = {line.split()[1] for line in out.decode().splitlines()[1:-1]}
    tap.equal(sources, {"(all)", *NAMES}, "sources")


@t.test("invalid lines are reported and skipped, status 1; invalid options: status 2 and a sentence")
def _():
    good = [arrival("face", 0, 1), arrival("face", 1, 2)]
    data = text_of(good[:1]) + b"garbage\n{\"source\":\"face\"}\n[1]\n{\"arrival_ns\":5}\n" + text_of(good[1:])
    out, said = run(data, "--sources=face", status=1)
    tap.equal(len(emits(out)), 2, "the good ones")
    for number in (2, 3, 4, 5):
        tap.true(f"line {number} is skipped" in said, f"line {number} in {said}")
    # row 32 of the table of edge cases: each costs itself alone
    head = b'{"type":"face","source":"face","arrival_ns":1'
    for bad in (head[:20], head + b'}', head + b',"t_ns":"1"}', head + b',"t_ns":9223372036854775808}',
                head + b',"t_ns":1,"part":3,"parts":2}', b'{"type":"face","t_ns":1,"arrival_ns":1,"source":"\xff"}'):
        out, said = run(text_of(good[:1]) + bad + b"\n" + text_of(good[1:]), "--sources=face", status=1)
        tap.equal(len(emits(out)), 2, f"the good ones around {bad}")
        tap.true("line 2 is skipped" in said and "line 3" not in said, f"{bad} in {said}")
    for options, words in ((["--window-ms=x"], "window-ms"), (["--mode=sideways"], "mode"), (["--sources=a,a"], "repeated name"),
                           (["--lateness=face"], "lateness"), (["--output=some"], "--output"), (["--compare=x"], "--compare"),
                           (["--compare=none-such=1"], "none-such"),
                           (["--compare=window-ms=50,abc"], "abc"), (["--compare=sources=a,b"], "is a list"),
                           (["--compare=window-ms=50", "--output=fused"], "--output"), (["/nonexistent"], "/nonexistent"), (["a", "b"], "one file")):
        out, said = run(b"", *options, status=2)
        tap.equal(out, b"", "nothing is written")
        tap.true(words in said and len(said.splitlines()) == 1, f"{words} in {said}")


@t.test("from a pipe that stays open: what is there is aligned at once; Ctrl-C ends it with what is pending, status 130")
def _():
    with subprocess.Popen([TOOL, "--sources=face,pose"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(text_of([arrival("face", 0, 1), arrival("pose", 0, 2), arrival("face", 1, 3)]))
        process.stdin.flush()
        line = {}
        while line.get("ev") != "emit":
            line = json.loads(process.stdout.readline())
        tap.equal((line["frame"], line["reason"]), (0, "complete"), "the first frame")
        process.send_signal(signal.SIGINT)
        rest = emits(process.stdout.read())
        tap.equal([(e["frame"], e["reason"]) for e in rest], [(1, "eos")], "what was pending")
        tap.equal(process.wait(30 * tap.TIMEOUT_MULTIPLIER), 130, "exit status")


@t.test("what obsaligner recorded, replayed: the lines that obsaligner wrote")
def _():
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
    Gst.init(None)
    if not all(map(Gst.ElementFactory.find, ("obsaligner", "ndjsonparse"))):
        tap.skip("this build is without the option observation or record")
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    frames = os.path.join(root, "launch-lines", "observation", "frames.ndjson")
    settings = {"sources": "face,pose,gesture,quality", "window-base": "event"}
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log.ndjson")
        words = " ".join(f"{name}={value}" for name, value in settings.items())
        pipeline = Gst.parse_launch(f"filesrc location={frames} ! ndjsonparse ! "
                                    f"obsaligner {words} records={log} ! fakesink")
        pipeline.set_state(Gst.State.PLAYING)
        message = pipeline.get_bus().timed_pop_filtered(int(60 * tap.TIMEOUT_MULTIPLIER) * Gst.SECOND,
                                                        Gst.MessageType.EOS | Gst.MessageType.ERROR)
        pipeline.set_state(Gst.State.NULL)
        tap.true(message is not None and message.type == Gst.MessageType.EOS, "EOS")
        with open(log, "rb") as stream:
            written = stream.read()
    recorded = [line for line in written.splitlines(keepends=True) if b'"ev":"emit"' in line]
    tap.true(len(recorded) >= 30, f"{len(recorded)} results in the log")
    replayed, _ = run(written, "--output=emits", "--live=false", *(f"--{name}={value}" for name, value in settings.items()))
    tap.equal(replayed.splitlines(keepends=True), recorded, "results")


if __name__ == "__main__":
    sys.exit(t.run())
