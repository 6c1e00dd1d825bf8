#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The second half of tests/run: runs suites of a finished build with Meson and counts every single test.

Counted are the subtests of each TAP program, not the programs. A program that crashes, times out or ends short of its
plan is a failure whatever it printed before. A suite without a test is a failure too: somebody named it.
"""

import argparse
import glob
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import debian13  # noqa: E402
import tap  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MESON = "/usr/bin/meson" if os.access("/usr/bin/meson", os.X_OK) else "meson"
OUTPUT_LINES = 60

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


class CannotRun(Exception):
    pass


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
    """A child with its own process group: Ctrl-C reaches this program only, which ends the child in order.
    Meson's way with SIGINT is to end one test and go on."""

    def __init__(self):
        self.child = None
        self.signal = signal.SIGTERM

    def run(self, arguments, end_with=signal.SIGTERM):
        self.signal = end_with
        self.child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
                                      cwd=ROOT)
        try:
            output, _ = self.child.communicate()
            return self.child.returncode, output
        except KeyboardInterrupt:
            self.end()
            raise

    def end(self):
        # A second Ctrl-C must not leave tests behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self.child and self.child.poll() is None:
            self.child.send_signal(self.signal)
            try:
                self.child.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.communicate()


def protocols_of(child, folder):
    code, output = child.run([MESON, "introspect", "--tests", folder])
    if code != 0:
        raise CannotRun(f"meson introspect {folder}: {output.strip()}")
    return {test["name"]: test["protocol"] for test in json.loads(output[output.index("["):])}


def run_meson_tests(child, name, folder, suites, setup):
    """Returns the Tally of one `meson test`, an empty one where it has no such tests."""
    logs = os.path.join(ROOT, folder, "meson-logs")
    base = f"suite-{name}"
    for old in glob.glob(os.path.join(logs, base + "*")):
        os.unlink(old)
    arguments = ["test", "-C", os.path.join(ROOT, folder), "--no-rebuild", "--logbase", base]
    for suite in suites:
        arguments += ["--suite", suite]
    if setup:
        arguments += ["--setup", setup, "--no-suite", f"not-{setup}"]
    _, output = child.run([MESON] + arguments)
    found = glob.glob(os.path.join(logs, base + "*.json"))
    if not found:
        if "No suitable tests" in output or "No tests defined" in output:
            return Tally()
        raise CannotRun("meson test wrote no log:\n" + output.strip())
    return read_log(found[0], protocols_of(child, folder))


def show(name, tally, seconds, live):
    if live:
        sys.stdout.write("\r\033[K")
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


def run_suite(child, name):
    if name == "debian13":
        return run_debian13(child)
    _, folder, suites, setup = SUITES[name]
    # The plugin registry of this build is made by one process, not by as many as there are cores.
    primed = run_meson_tests(child, f"{name}-registry", folder, ["registry"], setup)
    if primed.failures:
        tally = Tally()
        tally.failures.append((f"{name}: the plugin registry cannot be made", *primed.failures[0][1:]))
        return tally
    tally = run_meson_tests(child, name, folder, suites, setup)
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
    parser.add_argument("--record", metavar="FILE", help=argparse.SUPPRESS)  # the results as JSON, for debian13
    parser.add_argument("--check-arguments", action="store_true", help=argparse.SUPPRESS)
    if "-h" in argv or "--help" in argv:
        parser.print_help()
        sys.exit(10 if "--check-arguments" in argv else 0)
    options = parser.parse_args(argv)
    unknown = [suite for suite in options.suites if suite not in SUITES]
    if unknown:
        print(f"tests/run: no suite named {unknown[0]}; there are: {' '.join(SUITES)}", file=sys.stderr)
        sys.exit(2)
    options.suites = list(dict.fromkeys(options.suites or [suite for suite in SUITES if suite not in ON_REQUEST]))
    return options


def main(argv):
    options = parse_arguments(argv)
    if options.check_arguments:
        return 0
    child = Child()
    everything = Tally()
    live = sys.stdout.isatty()
    # A supervisor that ends the run gets the same clean end as a person with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for name in options.suites:
            if live:
                sys.stdout.write(f"{name} ...")
                sys.stdout.flush()
            start = time.monotonic()
            tally = run_suite(child, name)
            show(name, tally, time.monotonic() - start, live)
            everything.add(tally)
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
