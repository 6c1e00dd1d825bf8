#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What obsaligner recorded of a run with everything in it that may happen to a pad, replayed by tributary-align."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time

import tap
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

TOOL = os.environ.get("TRIB_ALIGN") or sys.argv.pop(1)
MS = 1_000_000
NAMES = "face", "pose", "gesture"
FRAMES = 150
t = tap.Tap()
Gst.init(None)


class Source:
    """A pad that a test pushes into obsaligner with."""

    def __init__(self, aligner, name):
        self.name = name
        self.pad = Gst.Pad.new(name, Gst.PadDirection.SRC)
        self.pad.set_active(True)
        sink = aligner.request_pad_simple("sink_%u")
        sink.set_property("source", name)
        tap.equal(self.pad.link(sink), Gst.PadLinkReturn.OK, "link")
        self.pad.push_event(Gst.Event.new_stream_start(name))
        self.pad.push_event(Gst.Event.new_caps(Gst.Caps.from_string("application/json")))
        self.segment()

    def segment(self):
        segment = Gst.Segment()
        segment.init(Gst.Format.TIME)
        self.pad.push_event(Gst.Event.new_segment(segment))

    def say(self, frame, more="", since=0):
        at = since + frame * 4 * MS
        buffer = Gst.Buffer.new_wrapped(f'{{"source":"{self.name}","frame_id":{frame},"t_ns":{at}{more}}}'.encode())
        buffer.pts = frame * 4 * MS
        tap.equal(self.pad.push(buffer), Gst.FlowReturn.OK, "push")

    def gap(self, frame):
        self.pad.push_event(Gst.Event.new_gap(frame * 4 * MS, 4 * MS))

    def flush(self):
        self.pad.push_event(Gst.Event.new_flush_start())
        self.pad.push_event(Gst.Event.new_flush_stop(True))
        self.segment()


def run(settings, log, seed, slow):
    """Frames of three sources in real time; what happens besides stands in the loop."""
    chance = random.Random(seed)
    words = " ".join(f"{name}={value}" for name, value in settings.items() if value != "")
    pipeline = Gst.parse_launch(f"obsaligner name=aligner {words} records={log} ! fakesink name=sink async=false sync=false "
                                "signal-handoffs=true")
    aligner = pipeline.get_by_name("aligner")
    n_out = 0

    def on_handoff(*_):
        nonlocal n_out
        n_out += 1
        if slow and n_out % 25 == 0:
            time.sleep(0.06)  # nobody takes what comes out, for longer than a source may be silent

    pipeline.get_by_name("sink").connect("handoff", on_handoff)
    pipeline.set_state(Gst.State.PLAYING)
    sources = [Source(aligner, name) for name in NAMES]
    for frame in range(FRAMES):
        for source in sources:
            if chance.random() < 0.1 or source.name == "gesture" and (frame > 130 or 40 < frame < 70):
                continue  # silent for a while, and ended before the others
            source.say(max(frame - (chance.random() < 0.1) * 3, 0), ',"kind":"empty"' if frame % 10 == 3 else "")
            if chance.random() < 0.2:
                time.sleep(0.004)
        if frame % 30 == 29:
            sources[0].gap(frame)
        if frame == 50:
            sources[1].flush()
        if frame == 90:
            for source in sources:
                source.pad.push_event(Gst.Event.new_flush_start())
            for source in sources:
                source.pad.push_event(Gst.Event.new_flush_stop(True))
                source.segment()
        if frame == 100 and settings["sources"]:
            aligner.set_property("sources", "face,pose,gesture?")
        if frame == 130:
            sources[2].pad.push_event(Gst.Event.new_eos())
    for source in sources[:2]:
        source.pad.push_event(Gst.Event.new_eos())
    message = pipeline.get_bus().timed_pop_filtered(int(60 * tap.TIMEOUT_MULTIPLIER) * Gst.SECOND,
                                                    Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    tap.true(message is not None and message.type == Gst.MessageType.EOS, "EOS")


@t.test("delays of fused records: capture times of a clock that began in 1970, arrivals of one that did not")
def _():
    fused = []
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log.ndjson")
        pipeline = Gst.parse_launch(f"obsaligner name=aligner sources=face,pose records={log} ! "
                                    "fakesink name=sink async=false sync=false signal-handoffs=true")

        def on_handoff(_sink, buffer, _pad):
            fused.append(json.loads(buffer.extract_dup(0, buffer.get_size())))

        pipeline.get_by_name("sink").connect("handoff", on_handoff)
        pipeline.set_state(Gst.State.PLAYING)
        sources = [Source(pipeline.get_by_name("aligner"), name) for name in ("face", "pose")]
        for frame in range(10):
            for source in sources:
                source.say(frame, since=time.time_ns())
        for source in sources:
            source.pad.push_event(Gst.Event.new_eos())
        message = pipeline.get_bus().timed_pop_filtered(int(60 * tap.TIMEOUT_MULTIPLIER) * Gst.SECOND,
                                                        Gst.MessageType.EOS | Gst.MessageType.ERROR)
        pipeline.set_state(Gst.State.NULL)
        tap.true(message is not None and message.type == Gst.MessageType.EOS, "EOS")
        out = subprocess.run([TOOL, "--live=false", "--sources=face,pose", "--output=fused", log], stdout=subprocess.PIPE,
                             check=True, timeout=60 * tap.TIMEOUT_MULTIPLIER).stdout
    again = [json.loads(line) for line in out.splitlines()]
    delays = [[{name: part["delay_ms"] for name, part in record["have"].items()} for record in records]
              for records in (fused, again)]
    tap.equal(len(fused), 10, "fused records")
    tap.equal(delays[1], delays[0], "delays")
    tap.true(all(abs(delay) < 60_000 for record in delays[0] for delay in record.values()), f"delays {delays[0]}")


CASES = {
    "window": {"window-ms": 30, "idle-timeout-ms": 40},
    "window, by completion, updates": {"window-ms": 20, "order": "completion", "late-policy": "update", "idle-completes": "true",
                                       "idle-timeout-ms": 25},
    "watermark": {"mode": "watermark", "idle-timeout-ms": 30, "allowed-lateness-ms": 8, "max-wait-ms": 200},
    "watermark on the clock": {"mode": "watermark", "advance": "clock", "idle-timeout-ms": 30, "max-wait-ms": 50},
    "tumbling": {"mode": "tumbling", "tumbling-ms": 20, "idle-timeout-ms": 30, "empty-windows": "true"},
    "sources that are learned": {"sources": "", "window-ms": 30, "idle-timeout-ms": 40, "learn-ms": 20},
    "approximate": {"mode": "approximate", "window-ms": 30, "idle-timeout-ms": 40},
}


def check(settings, seed, slow):
    settings = {"sources": ",".join(NAMES), **settings}
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log.ndjson")
        run(settings, log, seed, slow)
        with open(log, "rb") as stream:
            written = stream.read()
    decisions = [line for line in written.splitlines() if line.startswith(b'{"v":1,"ev":')]
    tap.true(len([line for line in decisions if b'"ev":"emit"' in line]) >= 30, f"{len(decisions)} decisions in the log")
    done = subprocess.run([TOOL, "--live=false", *(f"--{name}={value}" for name, value in settings.items())], input=written,
                          stdout=subprocess.PIPE, check=False, timeout=60 * tap.TIMEOUT_MULTIPLIER)
    tap.equal(done.returncode, 0, "status")
    replayed = done.stdout.splitlines()
    for n, (was, now) in enumerate(zip(decisions, replayed)):
        tap.equal(now, was, f"decision {n}")
    tap.equal(len(replayed), len(decisions), "decisions")


for title, case in CASES.items():
    @t.test(f"{title}: all that the element decided, to the byte")
    def _(case=case):
        for seed, slow in ((1, False), (2, True)):
            check(case, seed, slow)


if __name__ == "__main__":
    sys.exit(t.run())
