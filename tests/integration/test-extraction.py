#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real footage, looked at by elements of others, by ours, by a process that gets frames through a FIFO, and by a branch that is
too slow, all at once; fused, one record a frame, and drawn (OBS-1, OBS-3, OBS-4, OBS-5, OBS-9)."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import sinktest
import tap
import trace_jq
from sinktest import Gst

sys.dont_write_bytecode = True
t = tap.Tap()
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
EXTRACTOR = os.path.join(ROOT, "examples", "python-extractor.py")
PATIENT = "timeout-ms=20000"  # for branches that are quick on any machine
REASONS = {"timeout", "superseded", "queue-full", "would-miss", "breaker", "flushing"}
N_FRAMES = 60


class Watched:
    """The pipeline; it plays inside `with`. Frames come ten a second."""

    def __init__(self, folder, branches, others="", n_frames=N_FRAMES):
        for name in ("facedetect", "motioncells"):
            if Gst.ElementFactory.find(name) is None:
                tap.skip(f"no {name}: install gstreamer1.0-opencv")
        self.folder = folder
        self.pipeline = Gst.parse_launch(
            f"filesrc location={sinktest.footage()} ! decodebin ! videorate ! videoscale ! "
            f"video/x-raw,framerate=10/1,width=384,height=288 ! identity sync=true eos-after={n_frames} ! "
            f"extractorbin name=x trace-level=normal trace-location={folder}/trace branches=\"{branches}\" "
            "x.src ! queue max-size-buffers=0 max-size-bytes=0 max-size-time=0 ! obsoverlay name=overlay max-wait-ms=30000 ! "
            "fakesink sync=false "
            "x.obs ! obsaligner name=align window-ms=30000 ! tee name=fused ! queue ! overlay.records "
            f"fused. ! queue ! ndjsonenc ! filesink location={folder}/fused async=false {others}")
        self.extract = self.pipeline.get_by_name("x")
        self.overlay = self.pipeline.get_by_name("overlay")
        self.messages = []

    def __enter__(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        return self

    def __exit__(self, *_):
        self.pipeline.set_state(Gst.State.NULL)

    def at_end(self):
        """Takes what is on the bus."""
        bus = self.pipeline.get_bus()
        while message := bus.pop():
            tap.true(message.type != Gst.MessageType.ERROR,
                     f"no error: {message.parse_error() if message.type == Gst.MessageType.ERROR else ''}")
            if message.type == Gst.MessageType.ELEMENT:
                self.messages.append(sinktest.to_dict(message.get_structure()))
            if message.type == Gst.MessageType.EOS:
                return True
        return False

    def fused(self):
        with open(f"{self.folder}/fused", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def trace(self):
        with open(f"{self.folder}/trace", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]


def check_books(stats):
    tap.equal(stats["frames-in"], stats["frames-admitted"] + stats["frames-dropped"] + stats["frames-waiting"], "frames")
    tap.equal(stats["records-own"] + stats["records-in"],
              sum(stats[name] for name in ("records-out", "records-queued", "records-invalid", "records-unmatched",
                                           "lost-downstream-full", "lost-not-linked", "lost-downstream-failed", "lost-flush")),
              "records")


def check_fused(fused, sources, n_frames):
    """One a frame, in order; each source has answered, or is missing for a reason."""
    tap.equal([record["frame_id"] for record in fused], list(range(n_frames)), "one record a frame, in order")
    for record in fused:
        missing = {item["source"]: item for item in record["missing"]}
        tap.equal(sorted(set(record["have"]) | set(missing)), sorted(sources), f"sources accounted for in {record}")
        tap.true(not set(record["have"]) & set(missing), f"no source twice in {record}")
        tap.equal([item for item in missing.values() if item["why"] == "skipped" and item.get("reason") not in REASONS], [],
                  "skipped for a reason that is known")


@t.test("faces, motion, quality and a branch that is too slow, fused and drawn (OBS-3, OBS-4, OBS-5)", timeout=240)
def _():
    sources = ("face", "motion", "quality", "slow")
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(folder, f"face[{PATIENT}]=facedetect display=false; "
                                  f"motion[{PATIENT}]=motioncells display=false postallmotion=true; "
                                  f"quality[{PATIENT}]=qualityextract; slow=identity sleep-time=400000 ! qualityextract")
        with watched:
            tap.wait_until(watched.at_end, 120, "the end of the footage")
            stats = sinktest.to_dict(watched.extract.get_property("stats"))
            drawn = sinktest.to_dict(watched.overlay.get_property("stats"))
        fused = watched.fused()
        check_fused(fused, sources, stats["frames-in"])
        check_books(stats)
        by_source = {source: [r["have"][source] for r in fused if source in r["have"]] for source in sources}
        tap.true(len(by_source["quality"]) > 0 and all(0 < q["brightness"] < 255 for q in by_source["quality"]), "quality")
        tap.true(any(r.get("faces") is not None or r.get("kind") == "empty" for r in by_source["face"]), "faces, or none")
        tap.true(any(r.get("cells") for r in by_source["motion"]), "people move")
        tap.equal(by_source["slow"], [], "what the slow branch says is too late for any frame")
        tap.true(any(m.get("reason") == "timeout" for r in fused for m in r["missing"] if m["source"] == "slow"), "its timeouts")
        spared = [m for m in watched.messages if m.get("branch") == "slow" and m.get("state") == "spared"]
        tap.true(spared, "after three in a row it is skipped, and that is reported")
        trace = watched.trace()
        tap.true({"record_type", "frame_id", "dropped_frame_ids", "reason"} <= set(
            next(r for r in trace if r["record_type"] == "frame_drop" and r["reason"] == "timeout")), "frame_drop (OBS-6)")
        tap.true({"face", "motion", "quality", "orchestrator"} <= {r.get("component") for r in trace}, "timing (OBS-6)")
        tap.equal(drawn["frames-in"], drawn["frames-out"] + drawn["frames-dropped"], f"frames of the overlay: {drawn}")
        tap.equal(drawn["frames-drawn"], stats["frames-in"], f"each frame has its own record drawn: {drawn}")


@t.test("the contract's jq lines, on the trace of a pipeline with slow branches (OBS-6, OBS-10)", timeout=120)
def _():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/trace"
        branches = (f"quick[{PATIENT}]=qualityextract; slow[timeout-ms=2000]=identity sleep-time=120000 ! qualityextract; "
                    "never[timeout-ms=100]=identity sleep-time=400000 ! qualityextract")
        pipeline = Gst.parse_launch(
            "videotestsrc is-live=true num-buffers=90 ! video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1 ! "
            f"extractorbin name=x breaker-retry-ms=60000 branches=\"{branches}\" trace-level=normal trace-location={path} "
            "x.obs ! obsaligner mode=watermark allowed-lateness-ms=1000 window-ms=50 max-wait-ms=30000 trace-level=normal "
            f"trace-location={path} ! "
            "fakesink sync=false async=false x.src ! fakesink sync=false async=false")
        pipeline.set_state(Gst.State.PLAYING)
        message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
        pipeline.set_state(Gst.State.NULL)
        tap.true(message and message.type == Gst.MessageType.EOS, "it ends")
        trace_jq.check(path)
        timings = trace_jq.records(path, "timing")
        tap.equal(sorted({r["component"] for r in timings} - {"never", "process_never"}),
                  ["fusion_process", "orchestrator", "process_quick", "process_slow", "quick", "slow"], "components")
        twice = [(r["component"], r["frame_id"]) for r in timings]
        tap.equal(len(twice), len(set(twice)), "one time for each component and frame")
        means = {c["component"]: c["avg_ms"] for c in trace_jq.run(trace_jq.BY_COMPONENT, path)[0]}
        tap.true(means["slow"] >= 120 > means["process_slow"] > 0, f"the branch waits, its extractor does not: {means}")
        tap.true(all(r["processing_ms"] >= 120 for r in timings if r["component"] == "slow"), "each of its frames")
        tap.true(all(r["is_slow"] == (r["processing_ms"] > r["threshold_ms"]) and r["timestamp_ns"] > 1e18 for r in timings),
                 "is_slow, threshold_ms, timestamp_ns")
        tap.true("slow" in trace_jq.run(trace_jq.WAITED_FOR, path), "what was waited for")
        tap.true(all(r["delay_ms"] > 75 for r in trace_jq.run(trace_jq.SYNC_DELAYS, path)), "older than 1.5 windows")
        drops = trace_jq.records(path, "frame_drop")
        tap.equal({(r["component"], r["reason"]) for r in drops if r["component"] == "never"},
                  {("never", "timeout"), ("never", "backpressure")}, "its timeouts, and what the breaker spares it")
        tap.equal({r["reason"] for r in drops if r["component"] == "slow"}, {"backpressure"}, "what the prediction spares")
        tap.equal({d["count"] for d in trace_jq.run(trace_jq.DROPS, path)}, {1}, "one frame a line")


@t.test("a process that looks at frames, is killed, and comes back: the others do not notice (OBS-9)", timeout=240)
def _():
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(folder, f"quality[{PATIENT}]=qualityextract; process[timeout-ms=1000]",
                          f"x.branch_src_0 ! queue ! frameencodebin identity-comment=true ! obssink location={folder}/frames socket-type=fifo "
                          f"obssrc location={folder}/obs.sock ! x.branch_sink_0", n_frames=780)

        def answered():
            stats = watched.extract.get_property("stats")
            branches = stats.get_value("branches")
            return sum(b.get_value("answered") for b in branches if b.get_value("branch") == "process")

        def extractor():
            return subprocess.Popen([sys.executable, EXTRACTOR, "--frames", f"{folder}/frames", "--socket", f"{folder}/obs.sock",
                                     "--analysis", "quality"], stderr=subprocess.PIPE, text=True)

        with watched:
            tap.wait_until(lambda: os.path.exists(f"{folder}/frames") and os.path.exists(f"{folder}/obs.sock"), what="both places")
            one = extractor()
            tap.wait_until(lambda: answered() > 0 or one.poll() is not None, 60, "an answer")
            if one.poll() == 77:
                tap.skip(one.stderr.read().strip())
            one.send_signal(signal.SIGKILL)
            one.communicate()
            before = answered()
            two = extractor()
            tap.wait_until(lambda: answered() > before + 1, 60, "answers of the next one")
            watched.pipeline.send_event(Gst.Event.new_eos())
            tap.wait_until(watched.at_end, 60, "the end")
            stats = sinktest.to_dict(watched.extract.get_property("stats"))
        two.send_signal(signal.SIGINT)
        two.communicate()
        fused = watched.fused()
        check_fused(fused, ("quality", "process"), stats["frames-in"])
        check_books(stats)
        tap.true(any("process" in r["have"] for r in fused), "some of its answers are fused")
        for record in fused:
            if "process" in record["have"]:
                tap.true(abs(record["have"]["process"]["brightness"] - record["have"]["quality"]["brightness"]) < 12
                         if "quality" in record["have"] else True,
                         f"both have looked at the same picture: {record}")


def resident_kib():
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@t.test("an hour's frames at full speed, with branches that answer, hang, fail and say nothing: memory stays flat", timeout=280)
def _():
    pipeline = Gst.parse_launch(
        "videotestsrc pattern=black num-buffers=108000 ! video/x-raw,format=GRAY8,width=32,height=32,framerate=30/1 ! "
        "extractorbin name=x strategy=skip-oldest timeout-ms=150 drain-timeout-ms=100 max-pending-bytes=1000000 branches=\"quality=qualityextract; other=qualityextract shrink=2; nothing=identity; "
        "bad=identity error-after=500 ! qualityextract; hangs=identity sleep-time=60000000 ! qualityextract\" "
        "x.src ! fakesink sync=false x.obs ! obsaligner window-ms=100 max-pending-bytes=4000000 ! fakesink name=out sync=false async=false")
    extract = pipeline.get_by_name("x")
    bus = pipeline.get_bus()
    sizes = []
    pipeline.set_state(Gst.State.PLAYING)
    while not (message := bus.timed_pop_filtered(100 * Gst.MSECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)):
        sizes.append((extract.get_property("stats").get_value("frames-in"), resident_kib()))
    tap.equal(message.type, Gst.MessageType.EOS, "how it ends")
    stats = sinktest.to_dict(extract.get_property("stats"))
    sizes.append((stats["frames-in"], resident_kib()))
    began = time.monotonic()
    pipeline.set_state(Gst.State.NULL)
    tap.true(time.monotonic() - began < 5 * tap.TIMEOUT_MULTIPLIER, "to NULL with a branch that hangs")
    check_books(stats)
    tap.equal(stats["frames-in"], 108000, "frames")
    early = next(size for frames, size in sizes if frames >= 40000)
    tap.true(sizes[-1][1] - early < 16 * 1024, f"resident KiB by frames: {sizes[::max(1, len(sizes) // 20)]}")


sys.exit(t.run())
