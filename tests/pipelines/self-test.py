#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Proves that run-launch-lines can fail: one launch file a case, and what must be said about it.

usage: self-test.py RUN-LAUNCH-LINES FOLDER-OF-THE-FAULTY-PLUGIN
"""

import os
import subprocess
import sys
import tempfile

HEAD = "# SPDX-License-Identifier: LGPL-2.1-or-later\n# about: A case.\n"
EOS = HEAD + "# expect: eos\n"
SHORT = "fakesrc num-buffers=3 ! fakesink\n"

# name, text, how its line begins, what must be said
CASES = [
    ("reaches the end", EOS + "fakesrc num-buffers=3\n  ! identity\n  ! fakesink\n", "ok", ""),
    ("one element is a pipeline", EOS + "# timeout-s: 1\nfakesink\n", "not ok", "still runs after 1 s"),
    ("an expected error", HEAD + "# expect: error resource/not-found\nfilesrc location=nowhere ! fakesink\n", "ok", ""),
    ("another error", HEAD + "# expect: error stream/decode\nfilesrc location=nowhere ! fakesink\n", "not ok",
     "error resource/not-found from filesrc0"),
    ("an unexpected error", EOS + "filesrc location=nowhere ! fakesink\n", "not ok", "error resource/not-found"),
    ("an error that stays away", HEAD + "# expect: error resource/not-found\n" + SHORT, "not ok", "reached the end of stream"),
    ("messages are shown", EOS + "filesrc location=nowhere name=reader ! fakesink\n", "not ok", "# messages:"),
    ("the graph is shown", EOS + "filesrc location=nowhere ! fakesink\n", "not ok", ".dot"),
    ("no end", EOS + "# timeout-s: 1\nfakesrc ! identity sleep-time=10000 ! fakesink\n", "not ok", "still runs after 1 s"),
    ("a warning", EOS + "runnerfault fault=warning\n", "not ok", "warning resource/busy from runnerfault0: a warning"),
    ("a warning that belongs to it", EOS + "# warns: stream/decode resource/busy\nrunnerfault fault=warning\n", "ok", ""),
    ("no fault", EOS + "runnerfault\n", "ok", ""),
    ("a critical", EOS + "runnerfault fault=critical\n", "not ok", "1 critical messages"),
    ("a crash", EOS + "runnerfault fault=crash\n", "not ok", "ended by signal 9"),
    ("two errors for one failure", HEAD + "# expect: error resource/write\nrunnerfault fault=twice\n", "not ok",
     "a second error for one failure, from runnerfault0: the second"),
    ("a start that fails in silence", EOS + "runnerfault fault=silent\n", "not ok", "does not start, and no message says why"),
    ("not a pipeline", EOS + "fakesrc ! ! fakesink\n", "not ok", "cannot be parsed"),
    ("an element that is not there", EOS + "fakesrc ! nosuchelement ! fakesink\n", "not ok", "no element \"nosuchelement\""),
    ("a need that is not met", EOS + "# needs: avenc_nothing\nfakesrc ! avenc_nothing ! fakesink\n", "ok",
     "# SKIP no element avenc_nothing (Debian package: gstreamer1.0-libav)"),
    ("a need that is met", EOS + "# needs: fakesrc, fakesink\n" + SHORT, "ok", ""),
    ("no about", "# expect: eos\n" + SHORT, "not ok", "lacks '# about: one sentence'"),
    ("no expect", HEAD + SHORT, "not ok", "lacks '# expect: eos'"),
    ("an odd expect", HEAD + "# expect: joy\n" + SHORT, "not ok", "'# expect: joy' is not understood"),
    ("an unknown code", HEAD + "# expect: error resource/joy\n" + SHORT, "not ok", "is not understood"),
    ("an unknown head", EOS + "# wants: fakesrc\n" + SHORT, "not ok", "'# wants: fakesrc' is not understood"),
    ("an odd timeout", EOS + "# timeout-s: long\n" + SHORT, "not ok", "'# timeout-s: long' is not understood"),
    ("a parameter", EOS + '# parameter: sink "fakesink" where it goes\n' + SHORT, "ok", ""),
    ("an odd parameter", EOS + "# parameter: sink fakesink\n" + SHORT, "not ok", "'# parameter: sink fakesink' is not understood"),
    ("a parameter of nothing", EOS + '# parameter: sink "filesink" where it goes\n' + SHORT, "not ok", "the line has no 'filesink'"),
    ("a comment", EOS + "# just words, and a colon: here\n" + SHORT, "ok", ""),
    ("no pipeline", EOS, "not ok", "lacks a pipeline"),
    # identity's error-after is an error of its own
    ("an error while it runs", HEAD + "# expect: error core/failed\nfakesrc ! identity error-after=2 ! fakesink\n", "ok", ""),
]


class Tap:
    count = 0
    failed = 0

    def check(self, name, fine, output):
        self.count += 1
        self.failed += not fine
        print("%s %d - self-test pipelines: %s" % ("ok" if fine else "not ok", self.count, name))
        if not fine:
            print("".join("# %s\n" % line for line in output.splitlines()), end="")


def run(program, folder, **env):
    done = subprocess.run([program, folder], env=dict(os.environ, **env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as stream:
        stream.write(text)


def main():
    program = os.path.abspath(sys.argv[1])
    # the faulty element is seen by this test only: its own registry, whatever the caller's is
    scratch = tempfile.TemporaryDirectory()
    os.environ["GST_PLUGIN_PATH"] = os.environ["GST_PLUGIN_PATH_1_0"] = os.path.abspath(sys.argv[2])
    os.environ["GST_REGISTRY"] = os.environ["GST_REGISTRY_1_0"] = os.path.join(scratch.name, "registry.bin")
    # graphs of pipelines that fail on purpose
    os.environ["TMPDIR"] = scratch.name
    os.environ.pop("TRIB_BUILD_ROOT", None)
    os.environ.pop("TRIB_TIMEOUT_MULTIPLIER", None)
    tap = Tap()
    for name, text, begins, said in CASES:
        with tempfile.TemporaryDirectory() as root:
            write(os.path.join(root, "launch-lines", "area", "case.launch"), text)
            code, output = run(program, os.path.join(root, "launch-lines"))
            wanted = "\n%s 1 - launch-lines/area/case.launch" % begins
            fine = wanted in output and said in output and code == (0 if begins == "ok" else 1)
            tap.check(name, fine, "wanted '%s' and '%s', exit %d:\n%s" % (wanted.strip(), said, code, output))
    with tempfile.TemporaryDirectory() as root:
        write(os.path.join(root, "lines", "hang.launch"), EOS + "# timeout-s: 1\nrunnerfault fault=hang\n")
        code, output = run(program, os.path.join(root, "lines"), TRIB_TIMEOUT_MULTIPLIER="0.1")
        tap.check("a process that does not end", code == 1 and "does not even end: killed" in output, output)
    with tempfile.TemporaryDirectory() as root:
        write(os.path.join(root, "plugins", "area", "gstabsentsink.c"), "")
        write(os.path.join(root, "launch-lines", "needed.launch"), EOS + "# needs: absentsink\nfakesrc ! absentsink\n")
        write(os.path.join(root, "launch-lines", "used.launch"), EOS + "fakesrc ! absentsink\n")
        write(os.path.join(root, "launch-lines", "with.launch"), EOS + "fakesrc ! nosuchelement ! absentsink\n")
        code, output = run(program, os.path.join(root, "launch-lines"), TRIB_SOURCE_ROOT=root, TRIB_PLUGINS_OFF="other area")
        left_out = "# SKIP no element absentsink: this build is without the option area"
        tap.check("an element of ours that this build leaves out", output.count(left_out) == 2 and "\nnot ok 3" in output, output)
        code, output = run(program, os.path.join(root, "launch-lines"), TRIB_SOURCE_ROOT=root, TRIB_PLUGINS_OFF="")
        tap.check("an element of ours that this build should have", "SKIP no element absentsink\n" in output
                  and "\nnot ok 2" in output and "\nnot ok 3" in output, output)
    with tempfile.TemporaryDirectory() as root:
        code, output = run(program, root)
        tap.check("no files at all", code == 1 and "not ok 1 - there are launch files" in output, output)
        # the one that dies takes no other with it; files of all depths, sorted
        write(os.path.join(root, "lines", "b", "two.launch"), EOS + SHORT)
        write(os.path.join(root, "lines", "a", "deep", "one.launch"), EOS + "fakesrc ! !\n")
        write(os.path.join(root, "lines", "notes.txt"), "no launch file\n")
        code, output = run(program, os.path.join(root, "lines"))
        tap.check("several files", code == 1 and "1..2\nnot ok 1 - lines/a/deep/one.launch" in output
                  and "\nok 2 - lines/b/two.launch" in output, output)
    print("1..%d" % tap.count)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
