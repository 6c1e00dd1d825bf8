#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/support/prepare.sh on machines of all kinds: stand-ins for dpkg-query, apt-get, id and sudo on PATH."""

import os
import subprocess
import sys
import tempfile

import tap

ROOT = os.environ["TRIB_SOURCE_ROOT"]
t = tap.Tap(timeout=60)
TOOLS = ["cat", "grep", "tail", "cut", "sed", "tr", "mkdir", "env", "printf", "flock"]


class Machine:
    """A PATH with only what is given: name -> body of a shell script."""

    def __init__(self, **commands):
        self.commands = commands

    def run(self, script, environment=None):
        with tempfile.TemporaryDirectory() as folder:
            for tool in TOOLS:
                for place in ("/usr/bin", "/bin"):
                    if os.access(f"{place}/{tool}", os.X_OK):
                        os.symlink(f"{place}/{tool}", f"{folder}/{tool}")
                        break
            for name, body in self.commands.items():
                path = os.path.join(folder, name.replace("_", "-"))
                with open(path, "w", encoding="ascii") as file:
                    file.write(f"#!/bin/sh\n{body}\n")
                os.chmod(path, 0o755)
            os.makedirs(f"{folder}/tree/build")
            return subprocess.run(
                ["/bin/sh", "-c", f". {ROOT}/tests/support/prepare.sh; {script}"], stdin=subprocess.DEVNULL,
                capture_output=True, text=True, check=False,
                env=dict({"PATH": folder, "TRIB_ROOT": f"{folder}/tree"}, **(environment or {})))


def one_line(text, *parts):
    lines = text.strip().splitlines()
    tap.equal(len(lines), 1, f"lines of {text!r}")
    for part in parts:
        tap.true(part in lines[0], f"{part!r} in {lines[0]!r}")


HAVE_ALL = "printf 'installed '"
HAVE_NONE = "exit 1"


@t.test("nothing is missing: nothing is done, nothing is said")
def _():
    done = Machine(dpkg_query=HAVE_ALL, apt_get="exit 9", id="echo 1000").run("trib_ensure_packages test")
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""))


@t.test("a command of the user's own stands for its package")
def _():
    done = Machine(dpkg_query=HAVE_NONE, java="", mvn="").run("trib_missing_packages test")
    words = done.stdout.split()
    tap.true("default-jre-headless" not in words and "maven" not in words and "kcat" in words, done.stdout)


@t.test("a package that dpkg knows and has not is missing; one of a second architecture is not")
def _():
    for status, missing in (("not-installed ", True), ("config-files ", True), ("installed ", False),
                            ("not-installed installed ", False), ("", True)):
        done = Machine(dpkg_query=f"printf '{status}'").run("trib_missing_packages build")
        tap.equal("librdkafka-dev" in done.stdout, missing, f"librdkafka-dev is missing with status {status!r}")


@t.test("a package that not every release has is taken along where it is, and missed nowhere")
def _():
    calls = 'echo "$*" >> "$TRIB_ROOT/calls"'
    for found, status in (("exit 0", True), ("exit 100", False)):
        done = Machine(dpkg_query=HAVE_NONE, apt_get=calls, apt_cache=found, id="echo 0").run(
            'trib_ensure_packages test && cat "$TRIB_ROOT/calls"')
        tap.equal(done.returncode, 0, "exit status")
        tap.equal("clang-format-14" in done.stdout, status, f"clang-format-14 is installed: {done.stdout}")
        tap.true("?" not in done.stdout, done.stdout)
    done = Machine(dpkg_query="case $* in *clang*) exit 1;; esac; printf 'installed '", apt_get="exit 9",
                   apt_cache="exit 0", id="echo 1000").run("trib_ensure_packages test")
    tap.equal((done.returncode, done.stderr), (0, ""), "it alone is no reason to install")


@t.test("root: updates once, installs without a question, says it in one line")
def _():
    calls = 'echo "$DEBIAN_FRONTEND $*" >> "$TRIB_ROOT/calls"'
    done = Machine(dpkg_query=HAVE_NONE, apt_get=calls, id="echo 0").run(
        'trib_ensure_packages build && cat "$TRIB_ROOT/calls"')
    tap.equal(done.returncode, 0, "exit status")
    one_line(done.stderr, "installing ", " Debian packages: ", "librdkafka-dev")
    lines = done.stdout.splitlines()
    tap.equal([line.split()[-1] == "update" for line in lines], [True, False], "update, then install")
    tap.true(all(line.startswith("noninteractive ") for line in lines), done.stdout)


@t.test("not root, sudo without a password: through sudo")
def _():
    done = Machine(dpkg_query=HAVE_NONE, apt_get="exit 0", id="echo 1000",
                   sudo='shift; [ "$1" = true ] || echo "sudo $*" >> "$TRIB_ROOT/calls"; exit 0').run(
        'trib_ensure_packages build && cat "$TRIB_ROOT/calls"')
    tap.equal(done.returncode, 0, "exit status")
    tap.true("apt-get" in done.stdout, done.stdout)


@t.test("neither root nor sudo: one line with the command to run by hand")
def _():
    for sudo in ({}, {"sudo": "exit 1"}):
        done = Machine(dpkg_query=HAVE_NONE, apt_get="exit 9", id="echo 1000", **sudo).run(
            "trib_ensure_packages build")
        tap.equal(done.returncode, 1, "exit status")
        one_line(done.stderr, "not root", "sudo apt-get install", "librdkafka-dev")


@t.test("no network: one line with apt's reason")
def _():
    done = Machine(dpkg_query=HAVE_NONE, id="echo 0",
                   apt_get="echo 'E: Could not resolve deb.debian.org'; exit 100").run("trib_ensure_packages build")
    tap.equal(done.returncode, 1, "exit status")
    one_line(done.stderr.split("\n", 1)[1], "Could not resolve deb.debian.org", "network", "apt-get install")


@t.test("no Debian: one line with the packages, and a way to go on")
def _():
    done = Machine().run("trib_ensure_packages demo")
    tap.equal(done.returncode, 1, "exit status")
    one_line(done.stderr, "no Debian", "TRIBUTARY_NO_INSTALL=1", "gstreamer1.0-plugins-bad")
    done = Machine().run("trib_ensure_packages demo", {"TRIBUTARY_NO_INSTALL": "1"})
    tap.equal((done.returncode, done.stderr), (0, ""))


@t.test("a build that fails shows its log and says where it is")
def _():
    machine = Machine(ninja="echo 'x.c:1: error: wrong'; exit 1")
    done = machine.run('trib_installed=; >"$TRIB_ROOT/build/build.ninja"; trib_build "$TRIB_ROOT/build" all')
    tap.equal(done.returncode, 1, "exit status")
    tap.true("x.c:1: error: wrong" in done.stderr and "the build failed" in done.stderr.splitlines()[-1], done.stderr)


sys.exit(t.run())
