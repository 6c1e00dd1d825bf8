#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The second half of tests/run: runs suites of a finished build with Meson and counts every single test.

    lane 1   unit  lint  harness  generic  pipelines  fuzz-replay  install  leaks
    lane 2   integration
    lane 3   build-asan/  asan  build-tsan/  tsan

Suites of one lane run one after another; the lanes run beside each other. Most programs wait for
brokers and timers, so that a lane alone leaves the processors idle. Results are printed in the order
of the suites, whichever lane is first.

Counted are the subtests of each TAP program, not the programs. A program that crashes, times out or
ends short of its plan is a failure whatever it printed before. A suite that has no tests is a failure
as well: its name was given.
"""

import argparse
import glob
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import debian13  # noqa: E402
import tap  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MESON = "/usr/bin/meson" if os.access("/usr/bin/meson", os.X_OK) else "meson"
OUTPUT_LINES = 60
END_SECONDS = 20
# More programs than processors: most of them wait.
PROCESSES = (os.cpu_count() or 1) + 2
# Each has a broker of its own, half a gigabyte of memory.
INTEGRATION_PROCESSES = min(PROCESSES, 4)
# As the set-ups of tests/meson.build have them; Meson takes one from its command line instead.
SETUP_MULTIPLIERS = {None: 1, "leaks": 3, "asan": 5, "tsan": 5}

# name: (what it is, build folder, Meson suites, Meson set-up)
SUITES = {
    "unit": ("the libraries of gst/ alone", "build", ["unit"], None),
    "lint": ("layering, licences, formatting, links, documentation against the registry", "build", ["lint"], None),
    "harness": ("elements in a GstHarness", "build", ["harness"], None),
    "generic": ("every registered element: states, properties, gst-inspect page", "build", ["generic"], None),
    "pipelines": ("every file under launch-lines and examples runs", "build", ["pipelines"], None),
    "integration": ("against a real Apache Kafka on free ports", "build", ["integration"], None),
    "fuzz-replay": ("the fuzz targets over their corpus", "build", ["fuzz-replay"], None),
    "install": ("install to a DESTDIR, use it from there", "build", ["install"], None),
    "leaks": ("harness, generic and pipelines again under the leaks tracer", "build",
              ["harness", "generic", "pipelines"], "leaks"),
    "asan": ("unit, fuzz-replay, harness and generic again with ASan and UBSan (build-asan/)", "build-asan",
             ["unit", "fuzz-replay", "harness", "generic"], "asan"),
    "tsan": ("unit, harness and generic again with the thread sanitizer (build-tsan/)", "build-tsan",
             ["unit", "harness", "generic"], "tsan"),
    "debian13": ("unit, harness and pipelines in a Debian 13 of its own (root, mmdebstrap; build-debian13/ keeps it)", None,
                 list(debian13.SUITES), None),
}
# minutes of downloads, and a second build: only when it is named
ON_REQUEST = ("debian13",)
# The suites pipelines and leaks use the same names of sockets: they stay in one lane.
LANES = (
    ("unit", "lint", "harness", "generic", "pipelines", "fuzz-replay", "install", "leaks",
     "debian13"),
    ("integration",),
    ("asan", "tsan"),
)
# Functions of prepare.sh that run in the lane, before the suite, and give way to the tests beside
# it.
PREPARATIONS = {
    "integration": "trib_footage",
    "asan": "trib_prepare_sanitized asan",
    "tsan": "trib_prepare_sanitized tsan",
    # Where this fails, the suite is skipped with the reason.
    "debian13": "trib_prepare_debian13 || true",
}


class CannotRun(Exception):
    pass


class Ended(Exception):
    """The child was ended because the run is interrupted."""


class Tally:
    def __init__(self):
        self.passed = 0
        self.failures = []  # (test, reason, output)
        self.skips = []  # (test, reason)

    def add(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.skips += other.skips

    @property
    def total(self):
        return self.passed + len(self.failures) + len(self.skips)


def plural(count, noun):
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def is_noise(line):
    """GLib's words on folders of each test, and the tracer's on itself; what is alive it says at ":0::"."""
    return line.startswith("# GLib-DEBUG:") or (" GST_TRACER " in line and ":0::" not in line)


def tail(text):
    lines = [line for line in text.rstrip().splitlines() if not is_noise(line)]
    if len(lines) > OUTPUT_LINES:
        lines = [f"... ({len(lines) - OUTPUT_LINES} lines before this)"] + lines[-OUTPUT_LINES:]
    return lines


def ending(test):
    """How the program ended, for people."""
    code = test.get("returncode")
    if test["result"] == "TIMEOUT":
        return f"timed out after {test['duration']:.0f} s"
    if code is not None and (code < 0 or code > 128):
        number = -code if code < 0 else code - 128
        try:
            return f"killed by {signal.Signals(number).name}"
        except ValueError:
            pass
    return f"exit status {code}"


def judge_tap(test, name, tally):
    results = tap.parse(test.get("stdout") or "")
    output = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
    tally.passed += results.passed
    tally.skips += [(f"{name}: {what}" if what else name, why) for what, why in results.skipped]
    broken = test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")
    missing = (results.plan or 0) - results.seen
    for index, what in enumerate(results.failed):
        # One look at a program's output is enough, however many of its tests failed.
        tally.failures.append((f"{name}: {what}", "", output if index == 0 else ""))
    if not results.failed and (broken or results.bail_out or results.seen == 0 or missing > 0):
        why = results.bail_out or ending(test)
        if results.seen == 0:
            why += ", no test ran"
        tally.failures.append((name, why, output))
    if missing > 0:
        test, reason, output = tally.failures[-1]
        note = f"{plural(missing, 'test')} after it did not run"
        tally.failures[-1] = (test, f"{reason}; {note}" if reason else note, output)


def judge_exit_status(test, name, tally):
    """A program that prints no TAP: one test."""
    output = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
    if test["result"] in ("OK", "EXPECTEDFAIL"):
        tally.passed += 1
    elif test["result"] == "SKIP":
        lines = [line for line in output.splitlines() if line.strip()]
        tally.skips.append((name, lines[-1] if lines else "no reason given"))
    else:
        tally.failures.append((name, ending(test), output))


def looks_like_tap(text):
    return any(line.startswith(("ok ", "not ok ", "1..", "TAP version", "Bail out!")) for line in text.splitlines())


def read_log(path, protocols):
    """path: Meson's log, one JSON object a line."""
    tally = Tally()
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            name = test["name"].split(" / ")[-1]
            protocol = protocols.get(name) or ("tap" if looks_like_tap(test.get("stdout") or "") else "exitcode")
            if protocol == "tap":
                judge_tap(test, name, tally)
            else:
                judge_exit_status(test, name, tally)
    return tally


class Child:
    """A child with its own process group: Ctrl-C reaches this program only, which ends the child in
    order. Meson's way with SIGINT is to end one test and go on. run() is for one thread, end() for
    another."""

    def __init__(self):
        self.child = None
        self.kill = None
        self.lock = threading.Lock()
        self.ending = False

    def run(self, arguments, end_with=signal.SIGTERM, group=False, stderr=subprocess.STDOUT,
            environment=None):
        """Returns (status, output). group: the signal goes to all that the child started."""
        with self.lock:
            if self.ending:
                raise Ended
            self.child = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True,
                errors="replace", start_new_session=True, cwd=ROOT,
                env=dict(os.environ, **(environment or {})))
            self.kill = (os.killpg if group else os.kill), end_with
        output, _ = self.child.communicate()
        with self.lock:
            if self.ending:
                raise Ended
        return self.child.returncode, output

    def end(self):
        """From now on nothing runs; what runs is asked to end."""
        with self.lock:
            self.ending = True
            if self.child and self.child.poll() is None:
                how, number = self.kill
                how(self.child.pid, number)

    def end_at_once(self):
        with self.lock:
            if self.child and self.child.poll() is None:
                os.killpg(self.child.pid, signal.SIGKILL)


class Lane(threading.Thread):
    """Runs its suites one after another. Puts (suite, Tally, seconds) into @results, or, and then
    nothing more, (None, exception, 0)."""

    def __init__(self, suites, results):
        super().__init__(daemon=True)
        self.child = Child()
        self.suites = suites
        self.results = results

    def run(self):
        try:
            for name in self.suites:
                environment = prepare(self.child, name)
                start = time.monotonic()
                tally = run_suite(self.child, name, environment)
                self.results.put((name, tally, time.monotonic() - start))
        except Ended:
            pass
        except Exception as why:  # noqa: B902 - the main thread raises it again
            self.results.put((None, why, 0))


def lanes_of(suites, processors=os.cpu_count() or 1):
    """The chosen suites by lane, without empty lanes; a single processor has a single lane."""
    if processors < 2:
        return [list(suites)]
    chosen = [[name for name in lane if name in suites] for lane in LANES]
    return [lane for lane in chosen if lane]


def prepare(child, name):
    """What a suite needs besides build/. Returns additions to its environment."""
    if name not in PREPARATIONS or (name == "integration" and os.environ.get("TRIB_FOOTAGE")):
        return None
    script = '. "$TRIB_ROOT/tests/support/prepare.sh" && ' + PREPARATIONS[name]
    code, output = child.run(["nice", "-n", "5", "sh", "-c", script], group=True, stderr=None,
                             environment={"TRIB_ROOT": ROOT})
    if name == "integration":
        # Without footage the one test that needs it is skipped and says why.
        return {"TRIB_FOOTAGE": output.strip()} if code == 0 else None
    if code != 0:
        raise CannotRun(f"{name} cannot be prepared")
    return None


def protocols_of(child, folder):
    code, output = child.run([MESON, "introspect", "--tests", folder])
    if code != 0:
        raise CannotRun(f"meson introspect {folder}: {output.strip()}")
    return {test["name"]: test["protocol"] for test in json.loads(output[output.index("["):])}


def run_meson_tests(child, name, folder, suites, setup, environment=None):
    """Returns the Tally of one `meson test`, an empty one where it has no such tests."""
    logs = os.path.join(ROOT, folder, "meson-logs")
    base = f"suite-{name}"
    for old in glob.glob(os.path.join(logs, base + "*")):
        os.unlink(old)
    arguments = ["test", "-C", os.path.join(ROOT, folder), "--no-rebuild", "--logbase", base,
                 "--num-processes", str(INTEGRATION_PROCESSES if "integration" in suites else PROCESSES)]
    for suite in suites:
        arguments += ["--suite", suite]
    if setup:
        arguments += ["--setup", setup, "--no-suite", f"not-{setup}"]
    if tap.TIMEOUT_MULTIPLIER != 1:
        arguments += ["--timeout-multiplier", str(tap.TIMEOUT_MULTIPLIER * SETUP_MULTIPLIERS[setup])]
    _, output = child.run([MESON] + arguments, environment=environment)
    found = glob.glob(os.path.join(logs, base + "*.json"))
    if not found:
        if "No suitable tests" in output or "No tests defined" in output:
            return Tally()
        raise CannotRun("meson test wrote no log:\n" + output.strip())
    return read_log(found[0], protocols_of(child, folder))


def show(name, tally, seconds):
    print(f"{name:<12} {tally.passed:5d} passed {len(tally.failures):4d} failed {len(tally.skips):4d} skipped "
          f"{seconds:7.1f} s", flush=True)
    for test, reason, output in tally.failures:
        print(f"  FAILED   {test}" + (f" ({reason})" if reason else ""))
        for line in tail(output) if output.strip() else []:
            print("    | " + line)
    for test, reason in tally.skips:
        print(f"  skipped  {test}: {reason}")
    sys.stdout.flush()


def run_debian13(child):
    tally = Tally()
    try:
        results = debian13.run(child)
    except debian13.Skip as why:
        tally.skips.append(("debian13", str(why)))
    except debian13.Failed as why:
        tally.failures.append(("debian13", *why.args))
    else:
        tally.passed = results["passed"]
        tally.failures = [("Debian 13: " + test, reason, output) for test, reason, output in results["failures"]]
        tally.skips = [("Debian 13: " + test, reason) for test, reason in results["skips"]]
    return tally


registry_lock = threading.Lock()


def run_suite(child, name, environment=None):
    if name == "debian13":
        return run_debian13(child)
    _, folder, suites, setup = SUITES[name]
    # The plugin registry of this build is made by one process, not by as many as there are cores.
    with registry_lock:
        primed = run_meson_tests(child, f"{name}-registry", folder, ["registry"], setup)
    if primed.failures:
        tally = Tally()
        tally.failures.append((f"{name}: the plugin registry cannot be made", *primed.failures[0][1:]))
        return tally
    tally = run_meson_tests(child, name, folder, suites, setup, environment)
    if tally.total == 0:
        tally.failures.append((name, "this suite has no tests", ""))
    return tally


def parse_arguments(argv):
    width = max(map(len, SUITES))
    listing = "\n".join(f"  {name:<{width}}  {about}" for name, (about, *_) in SUITES.items())
    parser = argparse.ArgumentParser(
        prog="tests/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Installs what Debian packages are missing, builds in build/, and runs the tests.",
        epilog=f"suites (all but {', '.join(ON_REQUEST)}, if none is named):\n{listing}\n\nexit status: 0 all passed, 1 something failed, "
               "2 could not run; the last line is \"N passed, N failed, N skipped\".\n"
               "TRIB_TIMEOUT_MULTIPLIER=N on a slow machine.")
    parser.add_argument("suites", metavar="SUITE", nargs="*")
    parser.add_argument("--prepare", action="store_true", help="install, build and download what tests and demonstration need, run nothing")
    parser.add_argument("--record", metavar="FILE", help=argparse.SUPPRESS)  # the results as JSON, for debian13
    parser.add_argument("--check-arguments", action="store_true", help=argparse.SUPPRESS)
    if "-h" in argv or "--help" in argv:
        parser.print_help()
        sys.exit(10 if "--check-arguments" in argv else 0)
    options = parser.parse_args(argv)
    if options.prepare and options.suites:
        parser.error("--prepare runs no suite")
    unknown = [suite for suite in options.suites if suite not in SUITES]
    if unknown:
        print(f"tests/run: no suite named {unknown[0]}; there are: {' '.join(SUITES)}", file=sys.stderr)
        sys.exit(2)
    options.suites = list(dict.fromkeys(options.suites or [suite for suite in SUITES if suite not in ON_REQUEST]))
    return options


class Report:
    """Prints results in the order of the suites, as soon as those before them are there."""

    def __init__(self, suites):
        self.left = list(suites)
        self.done = {}
        self.everything = Tally()
        self.live = sys.stdout.isatty()

    def waiting(self):
        """On a terminal: what is not there yet. Overwritten by what follows."""
        if self.live:
            waits = [name for name in self.left if name not in self.done]
            sys.stdout.write("\r\033[K" + (" ".join(waits) + " ..." if waits else ""))
            sys.stdout.flush()

    def add(self, name, tally, seconds):
        self.done[name] = (tally, seconds)
        self.everything.add(tally)
        if self.live:
            sys.stdout.write("\r\033[K")
        while self.left and self.left[0] in self.done:
            first = self.left.pop(0)
            show(first, *self.done[first])
        self.waiting()


def end_lanes(lanes):
    # A second Ctrl-C must not leave tests behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for lane in lanes:
        lane.child.end()
    deadline = time.monotonic() + END_SECONDS
    for lane in lanes:
        lane.join(max(0, deadline - time.monotonic()))
        lane.child.end_at_once()
        lane.join(1)


def run_lanes(lanes, report, results):
    for lane in lanes:
        lane.start()
    report.waiting()
    while report.left:
        name, outcome, seconds = results.get()
        if name is None:
            raise outcome
        report.add(name, outcome, seconds)


def main(argv):
    options = parse_arguments(argv)
    if options.check_arguments:
        return 0
    results = queue.Queue()
    lanes = [Lane(suites, results) for suites in lanes_of(options.suites)]
    report = Report(options.suites)
    everything = report.everything
    # A supervisor that ends the run gets the same clean end as a person with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        try:
            run_lanes(lanes, report, results)
        finally:
            end_lanes(lanes)
    except KeyboardInterrupt:
        print(f"\ninterrupted; until then: {everything.passed} passed, {len(everything.failures)} failed, "
              f"{len(everything.skips)} skipped", file=sys.stderr)
        return 130
    except CannotRun as why:
        print(f"tests/run: {why}", file=sys.stderr)
        return 2
    if options.record:
        with open(options.record, "w", encoding="utf-8") as stream:
            json.dump({"passed": everything.passed, "failures": everything.failures, "skips": everything.skips}, stream)
    print(f"{everything.passed} passed, {len(everything.failures)} failed, {len(everything.skips)} skipped")
    return 1 if everything.failures or everything.total == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
