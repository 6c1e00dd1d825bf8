#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/cookbook.md: each section is typed as it stands there, and prints what stands below its blocks."""

import os
import re
import shlex
import signal
import subprocess
import sys

import tap
from apache_kafka import ROOT, KafkaUnavailable, check_java, fetch_jars, free_port

BUILD = os.environ["TRIB_BUILD_ROOT"]
PAGE = os.path.join(ROOT, "docs", "cookbook.md")
PORTS = ("9092", "9093", "9094")  # a reader's machine has them free, this one may not
BLOCK = re.compile(r"^(?:<!-- needs: (.*?) -->\n)?```(sh|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MARK = "--- printed by the next block"

t = tap.Tap(timeout=120)


def sections():
    """Yields (title, [(needs, commands, printed or None)]); the first, without a title, is the shell."""
    with open(PAGE, encoding="utf-8") as stream:
        parts = re.split(r"^## (.*)$", stream.read(), flags=re.MULTILINE)
    for title, text in zip(["", *parts[1::2]], parts[::2]):
        blocks = []
        for needs, kind, body in BLOCK.findall(text):
            if kind == "sh":
                blocks.append([needs.split(), body, None])
            else:
                tap.true(blocks and blocks[-1][2] is None, f"text of {title} that no block prints: {body}")
                blocks[-1][2] = body
        yield title, blocks


def missing(need):
    """What is not here: a command, a module (python3:NAME), or an element."""
    if need.startswith("python3:"):
        probe = ["python3", "-c", f"import {need.partition(':')[2]}"]
    else:
        probe = ["sh", "-c", f"command -v {shlex.quote(need)} || gst-inspect-1.0 --exists {shlex.quote(need)}"]
    return subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), check=False).returncode != 0


def environment():
    """A reader's: nothing of this test, and Debian's Python."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GST_", "G_", "TRIB_", "MALLOC_"))}
    kept.update(PYTHONPATH="", PATH="/usr/bin:" + os.environ["PATH"], GST_REGISTRY=os.path.join(BUILD, "tests", "cookbook-registry.bin"))
    return kept


def type_it(script):
    """What the page's shell prints; fails with the first command that fails. What it leaves behind is ended."""
    shell = subprocess.Popen(enter + ["bash", "-e", "-o", "pipefail"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment(), start_new_session=True)
    try:
        output, _ = shell.communicate(script, timeout=100 * tap.PATIENCE)
    finally:
        try:
            os.killpg(shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    tap.equal(shell.returncode, 0, f"status of\n{script}\n{output}")
    return output


def check(title, blocks):
    absent = [need for needs, _, _ in blocks for need in needs if missing(need)]
    if absent:
        tap.skip(f"this machine has no {' '.join(absent)}")
    if any("apache_kafka.py" in commands for _, commands, _ in blocks):
        try:
            check_java()
            fetch_jars()
        except KafkaUnavailable as why:
            tap.skip(why)
    # a block that fails leaves none of those before it running
    script = "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n" + "".join(f"echo '{MARK}'\n{commands}" for _, commands, _ in blocks)
    for port in PORTS:
        script = re.sub(rf"\b{port}\b", ports[port], script)
    printed = type_it(script).split(MARK + "\n")[1:]
    tap.equal(len(printed), len(blocks), f"blocks of {title}")
    for (_, commands, wanted), got in zip(blocks, printed):
        if wanted is not None:
            pattern = ".*".join(re.escape(part) for part in wanted.strip().split("..."))
            squeezed = "\n".join(" ".join(line.split()) for line in got.strip().splitlines())
            tap.true(re.fullmatch(pattern, squeezed, re.DOTALL), f"{commands}\nprinted\n{got}\nand not\n{wanted}")


def main():
    global enter, ports
    if os.path.realpath(BUILD) != os.path.realpath(os.path.join(ROOT, "build")):
        return t.skip_all("the page speaks of build/, and this build is elsewhere")
    ports = {port: str(free_port()) for port in PORTS}
    (_, first), *rest = sections()
    enter = shlex.split(first[0][1])
    for title, blocks in rest:
        t.test(title)(lambda title=title, blocks=blocks: check(title, blocks))
    return t.run()


enter, ports = [], {}
sys.exit(main())
