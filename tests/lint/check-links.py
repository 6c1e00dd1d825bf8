#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Relative links of every Markdown file lead to a file and, behind '#', to a heading; paths in backticks exist.

usage: check-links.py [--root FOLDER]

Addresses of other machines are not looked at: a test needs no network.
"""

import argparse
import glob
import os
import re
import sys

sys.dont_write_bytecode = True  # a lint run leaves the tree as it found it
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lintlib  # noqa: E402

FENCE = re.compile(r"^( *)(```|~~~).*?^ *\2[ \t]*$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s+\".*\")?\s*$", re.MULTILINE)
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)
ANCHOR = re.compile(r"<\w+[^>]*\b(?:id|name)=\"([^\"]+)\"")
# a path of this tree, given as code: without the arguments behind it
OUR_PATH = re.compile(r"^(?:\./)?((?:docs|examples|gst|launch-lines|plugins|tests|\.ci)/[\w./*-]*)(?=$|\s)")


def blank(match):
    """Nothing of @match but its lines, so that line numbers stay."""
    return "\n" * match.group(0).count("\n")


def slug(heading):
    """The anchor that forges make of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    text = re.sub(r"(?<!\w)[*_]+|[*_]+(?!\w)", "", text)
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def anchors(text):
    found, seen = set(), {}
    bare = FENCE.sub(blank, text)
    for heading in HEADING.findall(bare):
        name = slug(heading)
        count = seen.get(name, 0)
        seen[name] = count + 1
        found.add("%s-%d" % (name, count) if count else name)
    return found | set(ANCHOR.findall(bare))


def check_link(root, path, target):
    """What is wrong with @target in the file @path, or None."""
    name, _, anchor = target.partition("#")
    goal = path if not name else os.path.normpath(os.path.join(os.path.dirname(path), name))
    if goal.startswith("..") or name.startswith("/"):
        return "leads out of the tree"
    if not os.path.exists(os.path.join(root, goal)):
        return "there is no %s" % goal
    if anchor and goal.endswith(".md") and anchor not in anchors(lintlib.read(root, goal) or ""):
        return "%s has no heading #%s" % (goal, anchor)
    return None


def is_there(root, path):
    """As it stands, as a pattern, or as a program that is built from a file of that name."""
    full = os.path.join(root, path)
    return bool(glob.glob(full)) or os.path.exists(full + ".c")


def check_file(root, path):
    text = FENCE.sub(blank, lintlib.read(root, path) or "")
    problems = []
    for match in CODE.finditer(text):
        found = OUR_PATH.match(match.group(2).replace("\n", " "))
        if found and not is_there(root, found.group(1)):
            problems.append((match.start(), "`%s`: there is no such file" % found.group(1)))
    prose = CODE.sub(lambda m: "x" * len(m.group(0)) if "\n" not in m.group(0) else m.group(0), text)
    for pattern in (LINK, REFERENCE):
        for match in pattern.finditer(prose):
            why = None if SCHEME.match(match.group(1)) else check_link(root, path, match.group(1))
            if why:
                problems.append((match.start(), "(%s): %s" % (match.group(1), why)))
    return ["%s:%d: %s" % (path, text.count("\n", 0, offset) + 1, why) for offset, why in sorted(problems)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=lintlib.default_root())
    root = parser.parse_args().root
    tap = lintlib.Tap()
    problems = []
    for path in lintlib.files(root):
        if path.endswith(".md"):
            problems += check_file(root, path)
    tap.check("links: every relative link and every path of this tree leads somewhere", problems)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
