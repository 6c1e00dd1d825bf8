# SPDX-License-Identifier: LGPL-2.1-or-later
"""The jq lines of contract OBS-6, word for word, over a trace file.

    problems = trace_jq.check("trace.jsonl")        # what a program that reads the file by itself says otherwise
    trace_jq.jq("select(.record_type==\"sync_delay\")", "trace.jsonl")   # the values that jq prints
"""

import json
import shutil
import subprocess

import tap

SYNC_DELAYS = """jq 'select(.record_type=="sync_delay")'"""
SLOW = """jq 'select(.record_type=="timing") | select(.processing_ms > 50)'"""
BY_COMPONENT = ("""jq -s '[.[]|select(.record_type=="timing")]|group_by(.component)|map({component:.[0].component,"""
                """avg_ms:([.[].processing_ms]|add/length),max_ms:([.[].processing_ms]|max)})'""")
DROPS = """jq 'select(.record_type=="frame_drop") | {reason, count: (.dropped_frame_ids|length)}'"""
WAITED_FOR = """jq 'select(.record_type=="sync_delay") | .waiting_for[]'"""
QUEUES = """jq 'select(.record_type=="timing")|{frame:.frame_id,queue:.queue_depth}'"""


def run(line, path):
    """One of the lines above, in a shell as a person types it, over the file; the values it prints."""
    if not shutil.which("jq"):
        tap.skip("jq is not installed (Debian package jq)")
    done = subprocess.run(["sh", "-c", line + ' "$1"', "sh", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60 * tap.PATIENCE, check=False)
    tap.equal((done.returncode, done.stderr), (0, ""), line)
    decoder, text, values, at = json.JSONDecoder(), done.stdout, [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        values.append(value)
    return values


def records(path, kind=None):
    """The file's lines, each of which must be JSON by itself, and the last one whole."""
    with open(path, encoding="utf-8", newline="\n") as file:
        text = file.read()
    tap.true(text == "" or text.endswith("\n"), "the last line is whole")
    found = [json.loads(line) for line in text.splitlines()]
    return [r for r in found if kind is None or r["record_type"] == kind]


def timeless(found):
    """Without the time of the line: jq 1.6 rounds numbers beyond 2^53."""
    return [{name: value for name, value in r.items() if name != "timestamp_ns"} for r in found]


def check(path):
    """Every line gives what the records say; AssertionError names the one that does not."""
    timings, delays, drops = (records(path, kind) for kind in ("timing", "sync_delay", "frame_drop"))
    tap.equal(timeless(run(SYNC_DELAYS, path)), timeless(delays), SYNC_DELAYS)
    tap.equal(timeless(run(SLOW, path)), timeless(r for r in timings if r["processing_ms"] > 50), SLOW)
    tap.equal(run(DROPS, path), [{"reason": r["reason"], "count": len(r["dropped_frame_ids"])} for r in drops], DROPS)
    tap.equal(run(WAITED_FOR, path), [name for r in delays for name in r["waiting_for"]], WAITED_FOR)
    tap.equal(run(QUEUES, path), [{"frame": r["frame_id"], "queue": r["queue_depth"]} for r in timings], QUEUES)
    groups = run(BY_COMPONENT, path)
    tap.equal(len(groups), 1, "one list of components")
    tap.equal([g["component"] for g in groups[0]], sorted({r["component"] for r in timings}), "components")
    for group in groups[0]:
        times = [r["processing_ms"] for r in timings if r["component"] == group["component"]]
        tap.equal(group["max_ms"], max(times), f"longest time of {group['component']}")
        tap.true(abs(group["avg_ms"] - sum(times) / len(times)) < 1e-6, f"mean time of {group['component']}")
