#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/launch: properties, fields of caps and parameters are put into the line; what is wrong is said with what to do."""

import glob
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile

import tap

sys.dont_write_bytecode = True
t = tap.Tap()
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
LAUNCH = os.path.join(ROOT, "examples", "launch")
FILES = sorted(glob.glob(os.path.join(ROOT, "launch-lines", "*", "*.launch")))


def launch(*arguments, **environment):
    with tempfile.TemporaryDirectory() as elsewhere:
        return subprocess.run([LAUNCH, *arguments], cwd=elsewhere, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                              env=dict(os.environ, **environment), timeout=60 * tap.PATIENCE)


def module():
    loader = importlib.machinery.SourceFileLoader("launch", LAUNCH)
    loaded = importlib.util.module_from_spec(importlib.util.spec_from_loader("launch", loader))
    loader.exec_module(loaded)
    return loaded


@t.test("the list names every file, and each has a page")
def _():
    said = launch().stdout
    for path in FILES:
        tap.true(os.path.relpath(path, ROOT) in said, f"{path} is listed")
        tap.equal(launch(path, "--help").returncode, 0, f"status of --help of {path}")


@t.test("values are put where they belong, whatever is in them")
def _():
    settle, line = module().settle, 'a location=x.y name="one two" ! video/x-raw,width=3,height=4 ! b max-width=9 sources=p,q ! c location=z'
    for argument, wanted in (
            ("location=/nowhere/f", line.replace("x.y", "/nowhere/f").replace("=z", "=/nowhere/f")),
            ("width=640", line.replace("width=3", "width=640")),
            ("name=three", line.replace('"one two"', "three")),
            ("name=it's so", line.replace('"one two"', """'it'"'"'s so'""")),
            ("sources=r,s", line.replace("p,q", "r,s")),
            ("end=d ! e", line)):
        heads = [("parameter", 'end "c location=z" the end')]
        tap.equal(settle(line, heads, [argument]), wanted if argument[:3] != "end" else line.replace("c location=z", "d ! e"), argument)


@t.test("a line runs from any folder, also with other values")
def _():
    tap.equal(launch("lines").returncode, 0, "status")
    with tempfile.TemporaryDirectory() as folder:
        done = launch("overlay", "source=videotestsrc num-buffers=2", f"sink=filesink location={folder}/picture")
        tap.equal((done.returncode, done.stderr), (0, ""), "status with parameters")
        done = launch("jpeg", "num-buffers=2", "width=64", "height=48")
        tap.equal((done.returncode, done.stderr), (0, ""), "status with properties")
        with open(f"{folder}/own.launch", "w", encoding="utf-8") as stream:
            stream.write("# about: Fails.\n# expect: error resource/not-found\nfilesrc location=/nowhere ! fakesink\n")
        tap.true(launch(f"{folder}/own.launch").returncode != 0, "status of a line that fails")


@t.test("what is wrong is said, with what to do, and status 2")
def _():
    for arguments, said in ((["nothing"], "there is no file nothing; there are"), (["lines", "colour=red"], "it has: fd location"),
                            (["lines", "colour"], "is no NAME=VALUE")):
        done = launch(*arguments)
        tap.true(done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr, f"{arguments}: {done.stderr}")
    done = launch("lines", TRIB_BUILD_ROOT="/nowhere")
    tap.true(done.returncode == 2 and "meson setup build && ninja -C build" in done.stderr, done.stderr)
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/own.launch", "w", encoding="utf-8") as stream:
            stream.write("# about: Needs.\n# expect: eos\n# needs: nosuchelement\nfakesrc ! nosuchelement ! fakesink\n")
        done = launch(f"{folder}/own.launch")
        tap.true(done.returncode == 2 and "no nosuchelement here: install" in done.stderr, done.stderr)


sys.exit(t.run())
