#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/new-element.py: one element of each kind in a copy of the tree, built there, and held against every rule.

The copy is built without the kafka plugin: that takes seconds, and shows as well that a smaller build passes.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import tap

SOURCE = os.environ["TRIB_SOURCE_ROOT"]
MESON = "/usr/bin/meson" if os.access("/usr/bin/meson", os.X_OK) else "meson"
# name, plugin (one that is there, and a new one), kind
ELEMENTS = (("size-limit-sink", "frame", "sink"), ("byte-src", "probe", "src"), ("size-filter", "probe", "transform"))
NAMES = [name.replace("-", "") for name, _, _ in ELEMENTS]
# of the copy; what takes long and says nothing of an element stays out
TESTS = ["lint-check-layering", "lint-check-links", "lint-check-source", "lint-docs", "generic", "pipelines"]

t = tap.Tap(timeout=600)
scratch = tempfile.TemporaryDirectory(prefix="trib-new-element-")
COPY = os.path.join(scratch.name, "tree")
BUILD = os.path.join(COPY, "build")


def run(*command, **more):
    # nothing of the outer test may help or disturb: neither its registry nor its folders
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GST_", "TRIB_", "G_", "MESON", "PYTHONPATH"))}
    clean.update(more, TRIB_TIMEOUT_MULTIPLIER=os.environ.get("TRIB_TIMEOUT_MULTIPLIER", "1"))
    return subprocess.run(command, cwd=COPY, env=clean, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)


def succeed(*command, **more):
    done = run(*command, **more)
    tap.equal(done.returncode, 0, f"status of {' '.join(command)}:\n{done.stdout[-8000:]}")
    return done.stdout


def left_out(folder, names):
    """Hidden folders, builds, and the corpora, which no element needs."""
    at_top = os.path.samefile(folder, SOURCE)
    return [n for n in names if n in ("__pycache__", "corpus") or (n.startswith(".") and os.path.isdir(os.path.join(folder, n)))
            or (at_top and re.fullmatch(r"build(-.*)?", n)) or os.path.isdir(os.path.join(folder, n, "meson-private"))]


def make(name, plugin, kind, *more):
    return run(sys.executable, "docs/new-element.py", name, "--plugin", plugin, "--kind", kind, *more)


def files():
    """What the copy holds; a refused element may not change it."""
    found = {}
    for folder, _, names in os.walk(COPY):
        for name in names:
            with open(os.path.join(folder, name), "rb") as stream:
                found[os.path.join(folder, name)] = stream.read()
    return found


@t.test("one element of each kind is made, in an old plugin and in a new one")
def _():
    shutil.copytree(SOURCE, COPY, symlinks=True, ignore=left_out)
    succeed(MESON, "setup", "build", "-Dkafka=disabled", "-Dexamples=disabled", "-Dtests=disabled")
    for name, plugin, kind in ELEMENTS[:-1]:
        done = make(name, plugin, kind, "--no-build")
        tap.equal(done.returncode, 0, f"status of {name}:\n{done.stdout}")
    # the last one builds, and writes the pages of all
    done = make(*ELEMENTS[-1])
    tap.equal(done.returncode, 0, f"status of {ELEMENTS[-1][0]}:\n{done.stdout}")
    for name in NAMES:
        tap.true(os.path.isfile(os.path.join(COPY, "docs", "elements", name + ".md")), f"docs/elements/{name}.md")


@t.test("they pass the lint, harness, generic and pipelines suites as they are")
def _():
    succeed(MESON, "configure", "build", "-Dtests=enabled")
    succeed(MESON, "test", "-C", "build", "registry")
    run(MESON, "test", "-C", "build", *TESTS, *[f"harness-{name}" for name in NAMES])
    with open(os.path.join(BUILD, "meson-logs", "testlog.json"), encoding="utf-8") as log:
        results = [json.loads(line) for line in log]
    bad = [r for r in results if r["result"] != "OK"]
    tap.equal([r["name"] for r in bad], [], "failed:\n" + "\n".join(r.get("stdout", "")[-4000:] + r.get("stderr", "")[-2000:] for r in bad))
    tap.equal(len(results), len(TESTS) + len(NAMES), "tests that ran")
    said = "\n".join(r["stdout"] for r in results)
    for name, (_, plugin, _) in zip(NAMES, ELEMENTS):
        for line in (f"/generic/inspect/{name}", f"docs: docs/elements/{name}.md is current", f"launch-lines/{plugin}/{name}.launch"):
            tap.true(re.search(rf"^ok \d+ (- )?{re.escape(line)}$", said, re.MULTILINE), f"'{line}' passed:\n{said[-6000:]}")


@t.test("gst-inspect-1.0 shows each with its property and its stats")
def _():
    for name in NAMES:
        page = succeed("gst-inspect-1.0", name, GST_PLUGIN_PATH=os.path.join(BUILD, "plugins"),
                       GST_REGISTRY=os.path.join(scratch.name, "registry.bin"))
        for word in ("Factory Details", "gst-tributary", "  stats ", "  fill-byte " if name == "bytesrc" else "  max-buffer-bytes "):
            tap.true(word in page, f"'{word.strip()}' on the page of {name}:\n{page}")


@t.test("what cannot be made is refused with the reason, and changes nothing")
def _():
    before = files()
    for arguments, said in ((("size-limit-sink", "frame", "sink"), "there is an element sizelimitsink in plugins/frame"),
                            (("sizelimit-sink", "probe", "sink"), "there is an element sizelimitsink in plugins/frame"),
                            (("Size_Limit", "frame", "sink"), "lower-case words with '-' between them"),
                            (("other-sink", "examples", "sink"), "there is an option named examples"),
                            (("other-sink", "../frame", "sink"), "a plugin is one lower-case word"),
                            (("other-sink", "frame", "mixer"), "invalid choice: 'mixer'")):
        done = make(*arguments, "--no-build")
        tap.true(done.returncode != 0 and said in done.stdout, f"{arguments} is refused with '{said}':\n{done.stdout}")
    os.remove(os.path.join(COPY, "plugins", "probe", "plugin.c"))
    before.pop(os.path.join(COPY, "plugins", "probe", "plugin.c"))
    done = make("other-sink", "probe", "sink", "--no-build")
    tap.true(done.returncode == 1 and "plugin.c" in done.stdout, f"a plugin without plugin.c is named:\n{done.stdout}")
    tap.equal(sorted(set(files()) ^ set(before)), [], "files that came or went")
    tap.true(files() == before, "no file changed")


status = t.run()
scratch.cleanup()
sys.exit(status)
