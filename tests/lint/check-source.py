#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules of docs/style.md that the text of the sources shows.

usage: check-source.py [--root FOLDER] [--only CHECK[,CHECK...]]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # a lint run leaves the tree as it found it
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lintlib  # noqa: E402

SPDX = "SPDX-License-Identifier: LGPL-2.1-or-later"
# prose, which README.md puts under the same licence, and formats that know no comments
NO_SPDX, NO_SPDX_ENDINGS = ("COPYING",), (".md", ".json", ".ndjson")
MAX_LINES = 900
MAX_FUNCTION_LINES = 120
# folders that keep the stricter rules: lines, functions, and words that make persons of program parts
PLAIN = ("gst/", "plugins/", "tests/", "examples/")
PLAIN_COLUMNS = 100
PLAIN_FUNCTION_LINES = 60
PERSONS = re.compile(r"\b(who|whoever|whom|nobody|tell|tells|told)\b", re.IGNORECASE)
CLANG_FORMAT_VERSION = 14  # later ones lay out the same file differently

# spelled in two halves so that this file passes its own check
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "XX" "X")) + r")\b")
TAP_DIRECTIVE = re.compile(r"\bok \d+\b[^\n]*# TO" r"DO")
OWN_PATHS = re.compile(r"(?<![\w.<>-])(/wo" r"rk(?=[/\s\"'`)\]]|$)|/tmp/bu" r"ild)", re.MULTILINE)
PRINTING = re.compile(r"\b(g_print|g_printerr|printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror)\s*\(")
SLEEPING = re.compile(r"\b(g_usleep|usleep|sleep|nanosleep|clock_nanosleep|thrd_sleep)\s*\(")
# the one place that yields the processor between two looks at a condition
WAITS = "tests/support/trib-test.c"
HEADER_MODULES = ["gstreamer-1.0", "gstreamer-base-1.0", "gstreamer-video-1.0", "gio-2.0", "gio-unix-2.0", "rdkafka"]


class Tree:
    def __init__(self, root):
        self.root = root
        self.texts = {}
        for path in lintlib.files(root):
            text = lintlib.read(root, path)
            # fuzz corpora and fixtures are data: they may hold anything
            if text is not None and "/corpus/" not in path and not path.startswith("tests/fixtures/"):
                self.texts[path] = text

    def code(self):
        return [(p, t) for p, t in self.texts.items() if lintlib.is_code(p, t)]

    def c_files(self, *folders):
        return [(p, t) for p, t in self.texts.items()
                if lintlib.is_c(p) and (not folders or p.startswith(folders))]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def found(path, text, pattern, why, where=None):
    where = text if where is None else where
    return ["%s:%d: %s: %s" % (path, line_of(where, m.start()), m.group(1), why) for m in pattern.finditer(where)]


def check_spdx(tree, tap):
    problems = []
    for path, text in tree.texts.items():
        if path in NO_SPDX or path.endswith(NO_SPDX_ENDINGS):
            continue
        lines = text.splitlines()
        first = lines[1:2] if text.startswith(("#!", "<?xml", "<!DOCTYPE")) else lines[:1]
        if not first or SPDX not in first[0]:
            problems.append("%s: the first line (the second behind #! or <?xml) must say '%s'" % (path, SPDX))
    tap.check("source: every file begins with its SPDX line", problems)


def check_length(tree, tap):
    tap.check("source: no file over %d lines" % MAX_LINES, [
        "%s: %d lines; a file is one type or one mechanism: split it" % (p, t.count("\n"))
        for p, t in tree.code() if t.count("\n") > MAX_LINES])


def check_functions(tree, tap):
    problems = []
    for path, text in tree.c_files():
        start, name = None, ""
        plain = path.startswith(("gst/", "plugins/", "examples/"))
        limit = PLAIN_FUNCTION_LINES if plain else MAX_FUNCTION_LINES
        for number, line in enumerate(text.splitlines(), 1):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                if number - start > limit:
                    problems.append("%s:%d: %s is %d lines long, of %d at most" % (path, start, name, number - start, limit))
                start = None
            elif start is None and re.match(r"[A-Za-z_]\w* ?\(", line):
                name = line.split("(")[0].strip()
    tap.check("source: no function over %d lines, or %d where the rules are strict" % (MAX_FUNCTION_LINES, PLAIN_FUNCTION_LINES),
              problems)


def check_columns(tree, tap):
    tap.check("source: no line over %d columns where the rules are strict" % PLAIN_COLUMNS, [
        "%s:%d: %d columns" % (path, number, len(line)) for path, text in tree.c_files(*PLAIN)
        for number, line in enumerate(text.splitlines(), 1) if len(line) > PLAIN_COLUMNS])


def check_persons(tree, tap):
    problems = []
    for path, text in tree.c_files(*PLAIN):
        problems += found(path, text, PERSONS, "a program part is no person: name the part, and what it does",
                          lintlib.comments_and_strings(text))
    tap.check("source: comments and texts are impersonal where the rules are strict", problems)


def check_unfinished(tree, tap):
    problems = []
    for path, text in tree.texts.items():
        if path != "COPYING":
            problems += found(path, TAP_DIRECTIVE.sub("ok", text), UNFINISHED, "unfinished work is finished or left out, not marked")
    tap.check("source: no marks of unfinished work", problems)


def check_own_paths(tree, tap):
    problems = []
    for path, text in tree.texts.items():
        problems += found(path, text, OWN_PATHS, "a folder of one machine has no place in a committed file")
    tap.check("source: no paths of one machine", problems)


def check_printing(tree, tap):
    problems = []
    for path, text in tree.c_files("gst/", "plugins/"):
        if not path.startswith("gst/tools/"):
            problems += found(path, text, PRINTING, "libraries and elements do not print; log or return a GError",
                              lintlib.code_only(text))
    tap.check("source: nothing prints in gst/ and plugins/", problems)


def check_sleeping(tree, tap):
    problems = []
    for path, text in tree.c_files("tests/"):
        if path == WAITS:
            continue
        problems += found(path, text, SLEEPING, "a test waits for a condition, never for time",
                          lintlib.code_only(text))
    tap.check("source: no sleep in tests", problems)


def check_blanks(tree, tap):
    problems = []
    for path, text in tree.code():
        if text and not text.endswith("\n"):
            problems.append("%s: no newline at the end" % path)
        for number, line in enumerate(text.splitlines(), 1):
            if line != line.rstrip():
                problems.append("%s:%d: blanks at the end of the line" % (path, number))
            if "\t" in line and not path.endswith((".launch",)):
                problems.append("%s:%d: a tab" % (path, number))
    tap.check("source: no tabs, no blanks at line ends", problems)


def clang_format():
    """(program, None) or (None, reason)"""
    seen = []
    for program in ("clang-format", "clang-format-%d" % CLANG_FORMAT_VERSION):
        if shutil.which(program):
            text = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True).stdout
            match = re.search(r"version (\d+)", text)
            if match and int(match.group(1)) == CLANG_FORMAT_VERSION:
                return program, None
            seen.append(match.group(1) if match else "unknown")
    if seen:
        return None, "clang-format %s found; only %d lays out as the tree does" % (
            "/".join(seen), CLANG_FORMAT_VERSION)
    return None, "no clang-format (Debian package: clang-format-%d)" % CLANG_FORMAT_VERSION


def check_format(tree, tap):
    name = "source: laid out as .clang-format says"
    program, reason = clang_format()
    if program is None:
        tap.skip(name, reason)
        return
    paths = [p for p, _ in tree.c_files()]
    bad = set()
    if paths:
        run = subprocess.run([program, "--dry-run", "--style=file"] + paths, cwd=tree.root,
                             stderr=subprocess.PIPE, text=True)
        bad = set(re.findall(r"^(.+?):\d+:\d+: (?:warning|error)", run.stderr, re.MULTILINE))
        if run.returncode != 0 and not bad:
            bad = {run.stderr}
    tap.check(name, ["%s: run clang-format -i on it" % p for p in sorted(bad)])


def pkg_cflags(modules):
    present = [m for m in modules if subprocess.run(
        ["pkg-config", "--exists", m], stderr=subprocess.DEVNULL).returncode == 0]
    out = subprocess.run(["pkg-config", "--cflags"] + present, stdout=subprocess.PIPE, text=True)
    return out.stdout.split(), present


def check_headers(tree, tap):
    headers = [p for p, _ in tree.c_files("gst/") if p.endswith(".h")]
    for compiler, suffix, flags in (("cc", ".c", ["-std=gnu11", "-Wstrict-prototypes"]), ("c++", ".cc", ["-std=c++17"])):
        name = "source: every header of gst/ compiles alone in %s" % ("C" if compiler == "cc" else "C++")
        if not shutil.which(compiler) or not shutil.which("pkg-config"):
            tap.skip(name, "no %s or no pkg-config (Debian packages: g++ pkg-config)" % compiler)
            continue
        cflags, present = pkg_cflags(HEADER_MODULES)
        problems = []
        with tempfile.TemporaryDirectory() as folder:
            for header in headers:
                text = tree.texts[header]
                if ("librdkafka/" in text and "rdkafka" not in present):
                    continue
                # a file of its own: the main file may not say #pragma once
                source = os.path.join(folder, "alone" + suffix)
                with open(source, "w") as stream:
                    stream.write('#include "%s"\n' % os.path.join(tree.root, header))
                run = subprocess.run(
                    [compiler, "-fsyntax-only", "-Wall", "-Werror", "-I" + os.path.join(tree.root, "gst")] + flags
                    + cflags + [source], stderr=subprocess.PIPE, text=True)
                if run.returncode != 0:
                    problems.append("%s: does not compile alone:\n%s" % (header, run.stderr.strip()))
        tap.check(name, problems)


def check_elements(tree, tap):
    elements = lintlib.elements(tree.root)
    readme = tree.texts.get("README.md", "")
    word = lambda name: re.compile(r"(?<![\w-])%s(?![\w-])" % re.escape(name))  # noqa: E731
    in_readme, in_launch, in_tests, in_folder = [], [], [], []
    launch = [re.sub(r"^#.*$", "", t, flags=re.MULTILINE) for p, t in tree.texts.items()
              if p.startswith("launch-lines/") and p.endswith(".launch")]
    tests = [lintlib.without_comments(t) for p, t in tree.c_files("tests/harness/", "tests/integration/")]
    for name, path in sorted(elements.items()):
        if "`%s`" % name not in readme:
            in_readme.append("README.md does not name `%s` (in backticks, in the table of elements)" % name)
        if not any(word(name).search(t) for t in launch):
            in_launch.append("no file under launch-lines/ uses %s" % name)
        if not any(word(name).search(t) for t in tests):
            in_tests.append("no C file under tests/harness/ or tests/integration/ makes %s" % name)
        if os.path.basename(path) != "gst%s.c" % re.sub("[-_]", "", name):
            in_folder.append("%s: %s belongs in gst%s.c" % (path, name, re.sub("[-_]", "", name)))
    tap.check("source: README.md names every element", in_readme)
    tap.check("source: every element has a launch line", in_launch)
    tap.check("source: every element has a test of its own", in_tests)
    tap.check("source: every element is in the file named after it", in_folder)


CHECKS = {
    "spdx": check_spdx, "length": check_length, "functions": check_functions, "columns": check_columns, "persons": check_persons, "unfinished": check_unfinished,
    "paths": check_own_paths, "printing": check_printing, "sleeping": check_sleeping, "blanks": check_blanks,
    "format": check_format, "headers": check_headers, "elements": check_elements,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=lintlib.default_root())
    parser.add_argument("--only", default=",".join(CHECKS))
    args = parser.parse_args()
    tree = Tree(args.root)
    tap = lintlib.Tap()
    for name in args.only.split(","):
        CHECKS[name](tree, tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
