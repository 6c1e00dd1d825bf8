# SPDX-License-Identifier: LGPL-2.1-or-later
"""TAP for the Python tests: writing it, and reading it back.

A test file:

    import sys, tap
    t = tap.Tap()

    @t.test("registry entry names the bytes (ARIA-1)")
    def _():
        tap.equal(entry["binary_partition"], 0, "partition")

    sys.exit(t.run())

A test passes when its function returns, fails when it raises, is skipped when it raises tap.Skip("why") or calls
tap.skip("why"). t.ok(condition, name) does without a function. Output of the test itself goes to standard error or
through t.diag(), never to standard output as it is.
"""

import os
import re
import signal
import sys
import time
import traceback

TIMEOUT_MULTIPLIER = float(os.environ.get("TRIB_TIMEOUT_MULTIPLIER", "1"))
# The limit of a wait ends a test that hangs; it measures nothing. On a busy machine a test may take
# several times as long as on an idle one.
PATIENCE = 4 * TIMEOUT_MULTIPLIER


class Skip(Exception):
    """The test cannot run here; the argument says why."""


def skip(reason):
    raise Skip(reason)


def equal(got, expected, what="value"):
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def true(condition, what):
    if not condition:
        raise AssertionError(what)


def wait_until(condition, timeout=30, what="the condition", interval=0.01):
    """Polls condition() until it is true and returns its value; AssertionError after timeout seconds
    (scaled)."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout * PATIENCE:g} s in vain for {what}")
        time.sleep(interval)


class _Timeout(Exception):
    pass


class Tap:
    """Runs tests in the order they were added; each has a watchdog, so that a hang is a failure with a name."""

    def __init__(self, timeout=120, out=sys.stdout):
        self._tests = []
        self._out = out
        self._count = 0
        self._failed = 0
        self._timeout = timeout
        self._planned = False

    def _print(self, line):
        self._out.write(line + "\n")
        self._out.flush()

    def diag(self, text):
        for line in str(text).splitlines() or [""]:
            self._print("# " + line)

    def ok(self, condition, name, why=""):
        self._count += 1
        name = " ".join(str(name).replace("#", "no. ").split())
        if not condition:
            self._failed += 1
        self._print(f"{'ok' if condition else 'not ok'} {self._count} - {name}")
        if not condition and why:
            self.diag(why)
        return bool(condition)

    def skipped(self, name, reason):
        self._count += 1
        self._print(f"ok {self._count} - {name} # SKIP {' '.join(str(reason).split())}")

    def skip_all(self, reason):
        """Nothing can run: the whole plan. Returns the exit status."""
        self._print(f"1..0 # SKIP {' '.join(str(reason).split())}")
        self._planned = True
        return 0

    def bail_out(self, reason):
        self._print(f"Bail out! {reason}")
        return 1

    def test(self, name, timeout=None):
        def add(function):
            self._tests.append((name, function, timeout or self._timeout))
            return function
        return add

    def _run_one(self, name, function, timeout):
        def expired(*_):
            raise _Timeout(f"still running after {timeout * PATIENCE:g} s")

        previous = signal.signal(signal.SIGALRM, expired)
        signal.setitimer(signal.ITIMER_REAL, timeout * PATIENCE)
        try:
            function()
        except Skip as why:
            self.skipped(name, why)
        except Exception:  # noqa: B902 - whatever a test raises is its failure
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.ok(False, name, traceback.format_exc())
        else:
            self.ok(True, name)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)

    def run(self):
        """Runs what @test added, prints the plan, returns the exit status."""
        for name, function, timeout in self._tests:
            self._run_one(name, function, timeout)
        return self.done()

    def done(self):
        if not self._planned:
            self._print(f"1..{self._count}")
            self._planned = True
        return 1 if self._failed or not self._count else 0


# Reading: what tests/support/run.py makes of the output of any TAP program.

_RESULT = re.compile(r"^(\s*)(not )?ok\b\s*(\d+)?\s*(?:- )?(.*)$")
_DIRECTIVE = re.compile(r"^(.*?)\s*#\s*(skip|todo)\S*\s*(.*)$", re.IGNORECASE)
_PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*skip\S*\s*(.*))?$", re.IGNORECASE)


class Results:
    """passed: a number; failed: names; skipped: (name, reason); plan: a number or None; bail_out: text or None."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []
        self.plan = None
        self.bail_out = None

    @property
    def seen(self):
        return self.passed + len(self.failed) + len(self.skipped)


def parse(text):
    """Counts the leaves of TAP 12 to 14: the line that sums up an indented block is not counted again."""
    results = Results()
    deeper = []  # indents of results that no outer line has summed up yet
    nested_failures = 0
    for line in text.splitlines():
        plan = _PLAN.match(line)
        if plan:
            results.plan = int(plan.group(1))
            if results.plan == 0:
                results.skipped.append(("", plan.group(2) or "no reason given"))
            continue
        if line.startswith("Bail out!"):
            results.bail_out = line[len("Bail out!"):].strip()
            continue
        match = _RESULT.match(line)
        if not match:
            continue
        indent, failed, _, name = len(match.group(1)), match.group(2), match.group(3), match.group(4)
        if deeper and deeper[-1] > indent:
            while deeper and deeper[-1] > indent:
                deeper.pop()
            if failed and not nested_failures:
                results.failed.append(name)
            nested_failures = 0
            if indent:
                deeper.append(indent)
            continue
        if indent and (not deeper or deeper[-1] < indent):
            deeper.append(indent)
        directive = _DIRECTIVE.match(name)
        if directive:
            results.skipped.append((directive.group(1), directive.group(3) or "no reason given"))
        elif failed:
            results.failed.append(name)
            nested_failures += 1 if indent else 0
        else:
            results.passed += 1
    return results
