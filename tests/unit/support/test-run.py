#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/run counts single tests, and nothing that goes wrong passes for a success."""

import json
import os
import sys
import tempfile

import run
import tap

t = tap.Tap(timeout=60)


def judge(*tests):
    """The tally of a Meson log of these tests."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as log:
        for test in tests:
            log.write(json.dumps(test) + "\n")
        log.flush()
        return run.read_log(log.name, {"program": "tap", "plain": "exitcode"})


def program(stdout, result="OK", returncode=0, name="gst-tributary:unit / program", **more):
    return dict({"name": name, "stdout": stdout, "result": result, "duration": 1.0, "returncode": returncode}, **more)


def numbers(tally):
    return tally.passed, len(tally.failures), len(tally.skips)


@t.test("subtests are counted, not programs")
def _():
    tap.equal(numbers(judge(program("1..2\nok 1 a\nok 2 b\n"), program("1..1\nok 1 c # SKIP why\n"))), (2, 0, 1))


@t.test("a crash after good results is one failure")
def _():
    tally = judge(program("1..3\nok 1 a\n", "ERROR", -11))
    tap.equal(numbers(tally), (1, 1, 0))
    tap.true("SIGSEGV" in tally.failures[0][1] and "2 tests after it did not run" in tally.failures[0][1],
             f"the reason is named: {tally.failures[0][1]}")


@t.test("a crash at the end, all results good, is a failure")
def _():
    tap.equal(numbers(judge(program("1..1\nok 1 a\n", "ERROR", -5))), (1, 1, 0))


@t.test("an assertion that aborts counts once")
def _():
    text = "1..1\nnot ok /a - ERROR:x.c:1\nBail out! ERROR:x.c:1\n"
    tap.equal(numbers(judge(program(text, "FAIL", -6))), (0, 1, 0))


@t.test("a time-out is a failure")
def _():
    tally = judge(program("ok 1 a\n", "TIMEOUT", -15))
    tap.equal(numbers(tally), (1, 1, 0))
    tap.true("timed out" in tally.failures[0][1], "the reason is named")


@t.test("a program without a result is a failure")
def _():
    tap.equal(numbers(judge(program(""))), (0, 1, 0))


@t.test("a plan that is not kept is a failure")
def _():
    tap.equal(numbers(judge(program("1..2\nok 1 a\n"))), (1, 1, 0))


@t.test("programs without TAP count as one test")
def _():
    plain = "gst-tributary:x / plain"
    tap.equal(numbers(judge(program("", name=plain), program("", "FAIL", 1, name=plain),
                            program("no device\n", "SKIP", 77, name=plain))), (1, 1, 1))
    tap.equal(judge(program("no device\n", "SKIP", 77, name=plain)).skips[0][1], "no device", "reason")


@t.test("unknown suites are refused, none means all")
def _():
    tap.equal(run.parse_arguments([]).suites, list(run.SUITES), "suites")
    tap.equal(run.parse_arguments(["unit", "unit"]).suites, ["unit"], "suites")
    stderr, sys.stderr = sys.stderr, open(os.devnull, "w", encoding="ascii")
    try:
        run.parse_arguments(["nonsense"])
    except SystemExit as end:
        tap.equal(end.code, 2, "exit status")
    else:
        raise AssertionError("accepted")
    finally:
        sys.stderr.close()
        sys.stderr = stderr


sys.exit(t.run())
