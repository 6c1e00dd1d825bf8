#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command in README.md is typed here, or ELSEWHERE names the test that runs it."""

import glob
import os
import re
import signal
import subprocess
import sys
import tempfile

import tap
from apache_kafka import ROOT, KafkaUnavailable, as_child, check_java, fetch_jars, free_port

BUILD = os.environ["TRIB_BUILD_ROOT"]
README_PORT = "9092"  # a reader's machine has it free, this one may not
ELSEWHERE = {
    "tests/run": "it is what runs this test",
    "meson setup build && meson install -C build":
        "it writes to /usr/local: tests/install/test-install.py installs the same build into an empty folder",
}

t = tap.Tap()


def blocks():
    """The shell blocks of README.md, each a list of commands without their comments."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as text:
        found = re.findall(r"^```sh\n(.*?)^```$", text.read(), re.DOTALL | re.MULTILINE)
    return [[re.sub(r"\s+#.*$", "", line) for line in block.splitlines() if line.strip()] for block in found]


def environment():
    """A reader's, not that of a test: GStreamer knows no plugin of this build, and no package is installed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GST_", "G_", "TRIB_", "MALLOC_"))}
    kept.update(TRIBUTARY_NO_INSTALL="1", GST_REGISTRY=os.path.join(folder.name, "registry.bin"),
                PYTHONPATH="", SHELL="/bin/bash", PATH="/usr/bin:" + os.environ["PATH"])
    return kept


def block_of(begin):
    """The one block whose first command begins with @begin, on this test's port and build folder."""
    found = [block for block in blocks() if block[0] == begin] or [block for block in blocks() if block[0].startswith(begin)]
    tap.equal(len(found), 1, f"blocks of README.md that begin with '{begin}'")
    typed.update(found[0])
    return [re.sub(r"(?<=-C )build\b", BUILD, command.replace(README_PORT, str(port))) for command in found[0]]


def type_it(commands, shell=("/bin/sh", "-s")):
    """What a shell in the top folder says to @commands; fails with the first that fails."""
    done = subprocess.run(shell, input="set -e\n" + "\n".join(commands) + "\n", cwd=ROOT, env=environment(), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    tap.equal(done.returncode, 0, f"status of {commands}:\n{done.stdout}")
    return done.stdout


folder = tempfile.TemporaryDirectory(prefix="trib-readme-")
typed = set()
port = free_port()
broker = None


@t.test("the demonstration with nothing named")
def _():
    commands = block_of("examples/demo")
    tap.equal(commands, ["examples/demo", "tests/run"], "the two commands")
    if not os.environ.get("TRIB_FOOTAGE"):
        tap.skip("no footage: it would be downloaded now")
    tap.true("verdict   clean" in type_it(commands[:1]), "a clean verdict")


@t.test("a real Kafka to go on with, and the demonstration into it")
def _():
    global broker
    prepare, serve, demo = block_of("tests/run --prepare")
    try:
        check_java()
        fetch_jars()
    except KafkaUnavailable as why:
        tap.skip(why)
    with open(os.path.join(folder.name, "broker.log"), "w", encoding="utf-8") as log:
        broker = subprocess.Popen(serve.split(), cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=as_child)
    tap.equal(broker.stdout.readline().strip(), f"127.0.0.1:{port}", "its first line is its address")
    if not os.environ.get("TRIB_FOOTAGE"):
        tap.skip("no footage: it would be downloaded now")
    type_it([prepare])
    tap.true("verdict   clean" in type_it([demo]), "a clean verdict")


@t.test("launch lines, by name, with properties and parameters")
def _():
    for command in block_of("examples/launch"):
        said = type_it([command])
        if command.endswith("examples/launch"):
            tap.true("launch-lines/kafka/jpeg-in-process.launch" in said, f"the list:\n{said}")
    picture = os.path.join(ROOT, "build", "overlay.png")
    with open(picture, "rb") as stream:
        tap.equal(stream.read(4), b"\x89PNG", "the picture that was written")


@t.test("a shell in which GStreamer finds the plugins, and the verifier in it")
def _():
    enter, *commands = block_of("meson devenv -C build -w .")
    said = type_it(commands, shell=enter.split())
    tap.true("Factory Details" in said, f"the page of an element:\n{said}")
    tap.true("Got EOS" in said, f"the pipeline reaches its end:\n{said}")
    tap.true("--bootstrap-servers" in said, f"the help of the verifier:\n{said}")
    if broker is None:
        tap.skip("there is no Apache Kafka to send frames to")
    address = f"127.0.0.1:{port}"
    verify = commands[-1].replace("--help", f"--bootstrap-servers {address}")
    said = type_it([command.replace("in-process", address) for command in commands[:-1]] + [verify], shell=enter.split())
    tap.true(re.search(r"^clean\b", said, re.MULTILINE | re.IGNORECASE), f"the verifier has no finding:\n{said}")


@t.test("ways to watch a pipeline")
def _():
    watch, debug, graph, messages = block_of("examples/launch watch")
    tap.true("complete" in type_it([watch]), "what became of a frame")
    tap.true("obsaligner" in type_it([debug]), "a line of the log")
    before = set(glob.glob(os.path.join(ROOT, "build", "*.dot")))
    type_it([graph])
    made = set(glob.glob(os.path.join(ROOT, "build", "*.dot"))) - before
    tap.true(made, "graphs")
    for path in made:
        os.unlink(path)
    tap.true("kafkabinarysink-stats" in type_it([messages]), "counters among the messages")


@t.test("Ctrl-C ends the Kafka in order")
def _():
    if broker is None:
        tap.skip("there is none")
    broker.send_signal(signal.SIGINT)
    tap.equal(broker.wait(60 * tap.PATIENCE), 0, "exit status")


@t.test("the options of the demonstration are those of its --help")
def _():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as text:
        line = re.search(r"^    examples/demo \[.*$", text.read(), re.MULTILINE).group(0)
    usage = type_it(["examples/demo --help"]).split("\n\n")[0]
    tap.equal(line.split(), usage.split()[1:], "usage")


@t.test("no command is left out")
def _():
    known = typed | set(ELSEWHERE)
    tap.equal([command for block in blocks() for command in block if command not in known], [],
              "commands of README.md that neither this test nor the one named in ELSEWHERE runs")
    everything = {command for block in blocks() for command in block}
    tap.equal(sorted(set(ELSEWHERE) - everything), [], "commands that README.md no longer has")


def main():
    if os.path.realpath(BUILD) != os.path.realpath(os.path.join(ROOT, "build")):
        return t.skip_all("README.md speaks of build/, and this build is elsewhere")
    try:
        return t.run()
    finally:
        if broker is not None and broker.poll() is None:
            broker.terminate()
            broker.wait()
        folder.cleanup()


sys.exit(main())
