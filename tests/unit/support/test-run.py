#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/run counts single tests, and nothing that goes wrong passes for a success."""

import contextlib
import io
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading

import debian13
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


@t.test("unknown suites are refused, none means all but those on request")
def _():
    tap.equal(run.parse_arguments([]).suites, [suite for suite in run.SUITES if suite != "debian13"], "suites")
    tap.equal(run.parse_arguments(["unit", "debian13"]).suites, ["unit", "debian13"], "suites")
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


@t.test("every suite has one lane; one processor has one lane, in the order that was asked for")
def _():
    tap.equal(sorted(name for lane in run.LANES for name in lane), sorted(run.SUITES), "suites of all lanes")
    tap.equal(run.lanes_of(["tsan", "leaks", "pipelines"], 2), [["pipelines", "leaks"], ["tsan"]], "lanes")
    tap.equal(run.lanes_of(["tsan", "leaks", "pipelines"], 1), [["tsan", "leaks", "pipelines"]], "lanes")


def tally_of(passed, *failures):
    tally = run.Tally()
    tally.passed = passed
    tally.failures = list(failures)
    return tally


@t.test("results are printed in the order of the suites, and as soon as those before them are there")
def _():
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        report = run.Report(["a", "b", "c"])
        report.add("b", tally_of(2, ("t", "why", "its output")), 1)
        tap.equal(out.getvalue(), "", "b before a")
        report.add("a", tally_of(1), 1)
        tap.equal([line.split()[0] for line in out.getvalue().splitlines()], ["a", "b", "FAILED", "|"], "after a")
        tap.equal(report.left, ["c"], "left")
    tap.equal(numbers(report.everything), (3, 1, 0), "counted")


@contextlib.contextmanager
def stand_in(**functions):
    """Functions of run.py replaced for a while."""
    real = {name: getattr(run, name) for name in functions}
    try:
        for name, function in functions.items():
            setattr(run, name, function)
        yield
    finally:
        for name, function in real.items():
            setattr(run, name, function)


def run_lanes(*lanes):
    """The Report of these lanes; lanes are lists of suites."""
    results = queue.Queue()
    with contextlib.redirect_stdout(io.StringIO()):
        report = run.Report([name for lane in lanes for name in lane])
        run.run_lanes([run.Lane(lane, results) for lane in lanes], report, results)
    return report


@t.test("lanes run beside each other, the suites of one lane one after another")
def _():
    running, most, both = set(), [], threading.Barrier(2, timeout=30)

    def run_suite(child, name, environment):
        running.add(name)
        most.append(sorted(running))
        both.wait()
        running.discard(name)
        both.wait()
        return tally_of(1)

    with stand_in(run_suite=run_suite, prepare=lambda child, name: None):
        tap.equal(numbers(run_lanes(["a", "b"], ["x", "y"]).everything), (4, 0, 0), "counted")
    tap.true(["a", "x"] in most and ["b", "y"] in most, f"two at once: {most}")
    tap.equal(max(map(len, most)), 2, "most at once")


@t.test("--prepare runs no suite: none may be named")
def _():
    for arguments, status in ((["--prepare"], None), (["--check-arguments", "--prepare"], None), (["--prepare", "unit"], 2)):
        code = None
        with contextlib.redirect_stderr(io.StringIO()):
            try:
                run.parse_arguments(arguments)
            except SystemExit as why:
                code = why.code
        tap.equal(code, status, f"status of {arguments}")


@t.test("a suite that cannot be prepared ends the run, and so does a fault of a lane")
def _():
    for why in (run.CannotRun("no compiler"), OSError("no such file")):
        def prepare(child, name, why=why):
            raise why
        with stand_in(prepare=prepare):
            try:
                run_lanes(["asan"])
            except type(why) as raised:
                tap.equal(raised, why, "what was raised")
            else:
                raise AssertionError("nothing was raised")


def alive(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/stat", encoding="ascii") as text:
            return text.read().rsplit(")", 1)[1].split()[0] != "Z"
    return False


@t.test("an interrupt ends what runs, with what it started, and nothing begins after it")
def _():
    with tempfile.TemporaryDirectory() as folder:
        pid = os.path.join(folder, "pid")
        child = run.Child()
        ended = []

        def lane():
            try:
                child.run(["sh", "-c", f"sleep 600 & echo $! >{pid}.part; mv {pid}.part {pid}; wait"], group=True)
            except run.Ended:
                ended.append(True)
        thread = threading.Thread(target=lane)
        thread.start()
        tap.wait_until(lambda: os.path.exists(pid), what="the child")
        child.end()
        thread.join(30)
        tap.equal(ended, [True], "the lane has ended")
        with open(pid, encoding="ascii") as text:
            number = int(text.read())
        tap.wait_until(lambda: not alive(number), what="the end of what the child started")
        try:
            child.run(["true"])
        except run.Ended:
            return
        raise AssertionError("a child was started after the end")


@t.test("Ctrl-C: status 130, the numbers so far, no test left behind")
def _():
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "interrupted.py")
        with open(program, "w", encoding="ascii") as text:
            text.write(f"""import sys
sys.path.insert(0, {os.path.dirname(run.__file__)!r})
import run
def run_suite(child, name, environment):
    if name == "lint":
        tally = run.Tally()
        tally.passed = 3
        return tally
    child.run(["sh", "-c", "echo $$ >{folder}/pid.part; mv {folder}/pid.part {folder}/pid; exec sleep 600"])
run.run_suite, run.prepare = run_suite, lambda child, name: None
run.lanes_of = lambda suites: [["lint"], ["integration"]]
sys.exit(run.main(["lint", "integration"]))
""")
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{folder}/pid")
            started = subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            tap.true(started.stdout.readline().startswith("lint "), "lint is shown")
            tap.wait_until(lambda: os.path.exists(f"{folder}/pid"), what="the second lane")
            started.send_signal(number)
            _, words = started.communicate(timeout=50)
            tap.equal(started.returncode, 130, f"exit status; {words}")
            tap.true("until then: 3 passed, 0 failed, 0 skipped" in words, words)
            with open(f"{folder}/pid", encoding="ascii") as text:
                sleeper = int(text.read())
            tap.true(not alive(sleeper), "the test of the second lane is left")


@t.test("what cannot be run in a Debian 13 is one skip, what ends early one failure, results are added")
def _():
    real = debian13.run
    try:
        for outcome, wanted in ((debian13.Skip("no root"), (0, 0, 1)), (debian13.Failed("ended", "words"), (0, 1, 0)),
                                ({"passed": 3, "failures": [["a", "b", "c"]], "skips": [["d", "e"]]}, (3, 1, 1))):
            def stand_in(_, outcome=outcome):
                if isinstance(outcome, Exception):
                    raise outcome
                return outcome
            debian13.run = stand_in
            tap.equal(numbers(run.run_suite(None, "debian13")), wanted, f"numbers of {outcome!r}")
    finally:
        debian13.run = real


@t.test("without root, mmdebstrap or namespaces the reason is given")
def _():
    with tempfile.TemporaryDirectory() as folder:
        def reason(uid, *programs, refuse=False):
            """Why a machine with these @programs on its PATH cannot; @refuse: it refuses namespaces."""
            for name in programs:
                with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                    file.write("#!/bin/sh\n" + ("echo 'unshare failed: Operation not permitted' >&2; exit 1\n" if refuse else "exit 0\n"))
                os.chmod(file.name, 0o755)
            before, os.geteuid = os.geteuid, lambda: uid
            path, os.environ["PATH"] = os.environ["PATH"], folder
            try:
                return debian13.why_not()
            finally:
                os.geteuid, os.environ["PATH"] = before, path

        tap.true("needs root" in reason(1000), "not root")
        tap.true("no mmdebstrap" in reason(0), "no mmdebstrap")
        tap.true("Operation not permitted" in reason(0, "mmdebstrap", "unshare", "chroot", refuse=True), "no namespaces")
        tap.equal(reason(0, "mmdebstrap", "unshare", "chroot"), None, "a machine that can")


@t.test("the source is copied around the build of the last run, without a build of this machine")
def _():
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "src", "build"))
        for path in ("src/gone.c", "src/build/kept"):
            open(os.path.join(root, path), "w", encoding="ascii").close()
        debian13.copy_source(root)
        source = os.path.join(root, "src")
        tap.true(os.path.exists(os.path.join(source, "build", "kept")), "the build stays")
        tap.true(not os.path.exists(os.path.join(source, "gone.c")), "what is gone here is gone there")
        tap.true(not os.path.exists(os.path.join(source, "build", "build.ninja")), "no build of this machine")
        for path in ("meson.build", "tests/run", "tests/support/debian13.py"):
            here, there = os.stat(os.path.join(debian13.ROOT, path)), os.stat(os.path.join(source, path))
            tap.equal((there.st_mtime_ns, there.st_mode, there.st_size), (here.st_mtime_ns, here.st_mode, here.st_size), path)


sys.exit(t.run())
