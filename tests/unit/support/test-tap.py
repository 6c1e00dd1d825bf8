#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tap.py counts what TAP says, and says what a test did."""

import io
import sys
import time

import tap

t = tap.Tap(timeout=60)


def counts(text):
    results = tap.parse(text)
    return results.passed, results.failed, results.skipped


@t.test("parse: passed, failed, skipped with the reason")
def _():
    text = "TAP version 13\n# random seed\n1..4\nok 1 /a\nnot ok 2 /b - wrong\nok 3 /c # SKIP no network\nok 4 - /d\n"
    tap.equal(counts(text), (2, ["/b - wrong"], [("/c", "no network")]))
    tap.equal(tap.parse(text).plan, 4, "plan")


@t.test("parse: a plan of nothing is one skip")
def _():
    tap.equal(counts("1..0 # SKIP no Java\n"), (0, [], [("", "no Java")]))


@t.test("parse: incomplete tests are skips, not failures")
def _():
    tap.equal(counts("not ok 1 /a # TODO later\n1..1\n"), (0, [], [("/a", "later")]))


@t.test("parse: leaves of nested TAP are counted once")
def _():
    text = "1..2\n    ok 1 - a\n    ok 2 - b\n    1..2\nok 1 - block\nok 2 - plain\n"
    tap.equal(counts(text), (3, [], []))
    text = "1..1\n    ok 1 - a\n    not ok 2 - b\n    1..2\nnot ok 1 - block\n"
    tap.equal(counts(text), (1, ["b"], []))
    text = "1..1\n    ok 1 - a\nnot ok 1 - block\n"
    tap.equal(counts(text), (1, ["block"], []))


@t.test("parse: bail out is remembered")
def _():
    tap.equal(tap.parse("ok 1 a\nBail out! stuck\n1..2\n").bail_out, "stuck")


@t.test("write: what a test does is what is counted")
def _():
    out = io.StringIO()
    inner = tap.Tap(out=out)
    inner.test("good")(lambda: None)
    inner.test("bad # 7")(lambda: tap.equal(1, 2, "number"))
    inner.test("absent")(lambda: tap.skip("no such\nthing"))
    tap.equal(inner.run(), 1, "exit status")
    tap.equal(counts(out.getvalue()), (1, ["bad no. 7"], [("absent", "no such thing")]))
    tap.true("number: got 1, expected 2" in out.getvalue(), "the reason is shown")
    tap.true(out.getvalue().endswith("1..3\n"), "the plan ends it")


@t.test("write: a test that hangs is a failure")
def _():
    out = io.StringIO()
    inner = tap.Tap(out=out)
    # Shorter than any scaling makes long; what is waited for does not come.
    inner.test("hangs", timeout=0.05)(lambda: time.sleep(3600))
    # The alarm of the inner test replaces the outer one for that long: one process has one alarm.
    tap.equal(inner.run(), 1, "exit status")
    tap.equal(counts(out.getvalue()), (0, ["hangs"], []))


@t.test("write: no tests at all is a failure")
def _():
    tap.equal(tap.Tap(out=io.StringIO()).run(), 1, "exit status")


sys.exit(t.run())
