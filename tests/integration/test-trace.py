#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""OBS-6: the shell filters of the contract work on a trace file.

usage: test-trace.py PROGRAM-THAT-MAKES-A-TRACE
"""

import os
import subprocess
import sys
import tempfile

import tap
import trace_jq

t = tap.Tap()
folder = tempfile.TemporaryDirectory(prefix="trib-test-")  # pylint: disable=consider-using-with
path = os.path.join(folder.name, "trace.jsonl")


@t.test("three traces at once make one file of whole lines (OBS-6)")
def _():
    subprocess.run([sys.argv[1], path], check=True, timeout=60 * tap.PATIENCE)
    tap.equal(sorted({r["record_type"] for r in trace_jq.records(path)}), ["frame_drop", "sync_delay", "timing"], "kinds")


@t.test("the contract's jq lines give what the file says (OBS-6)")
def _():
    trace_jq.check(path)


@t.test("the numbers that went in come out (OBS-6)")
def _():
    components = trace_jq.run(trace_jq.BY_COMPONENT, path)[0]
    tap.equal([{**c, "avg_ms": round(c["avg_ms"], 6)} for c in components], [
        {"component": "face", "avg_ms": 45, "max_ms": 60},
        {"component": "fusion_process", "avg_ms": 0.25, "max_ms": 0.25},
        {"component": "process_face", "avg_ms": 30.000001, "max_ms": 30.000001},
    ], "components")
    tap.equal(len(trace_jq.run(trace_jq.SLOW, path)), 150, "timings over 50 ms")
    tap.equal(trace_jq.run(trace_jq.WAITED_FOR, path), ["gesture", "a \"name\"\n"] * 30, "waited for")
    tap.equal(sorted(d["reason"] + str(d["count"]) for d in trace_jq.run(trace_jq.DROPS, path)),
              ["backpressure2"] * 30 + ["timeout1"] * 30, "drops")


sys.exit(t.run())
