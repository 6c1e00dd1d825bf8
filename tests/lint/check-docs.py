#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages of docs/elements are what docs/generate-elements.py writes today, and leave nothing unsaid.

usage: check-docs.py [--root FOLDER] BUILD_FOLDER
"""

import argparse
import os
import re
import sys

sys.dont_write_bytecode = True  # a lint run leaves the tree as it found it
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lintlib  # noqa: E402


def unseen_messages(root, page):
    """Messages that no harness test waits for: their fields would be checked by reading alone."""
    folder = os.path.join(root, "tests", "harness")
    texts = [lintlib.without_comments(lintlib.read(folder, name) or "")
             for name in (sorted(os.listdir(folder)) if os.path.isdir(folder) else []) if name.endswith(".c")]
    return ["%s: no C file under tests/harness/ waits for the message %s" % (page.name, message)
            for message in sorted(page.messages) if not any('"%s"' % message in text for text in texts)]


def numbers(text):
    return tuple(int(number) for number in text.split("."))


def version_problems(root):
    """One number: meson.build has it, NEWS.md is about it, and no element is newer."""
    news = re.findall(r"^## (\d+\.\d+)\b", lintlib.read(root, "NEWS.md") or "", re.MULTILINE)
    found = re.search(r"version: '(\d+\.\d+)\.\d+'", lintlib.read(root, "meson.build") or "")
    if not found or not news:
        return ["meson.build has no version X.Y.Z, or NEWS.md no heading ## X.Y"]
    version, problems = found.group(1), []
    if news[0] != version:
        problems.append("NEWS.md: the newest heading is %s, the version of meson.build %s" % (news[0], version))
    for path in lintlib.files(root):
        if not (path.startswith("plugins/") and path.endswith(".c")):
            continue
        for since in re.findall(r"^ \* Since: (\S+)$", lintlib.read(root, path) or "", re.MULTILINE):
            if since not in news:
                problems.append("%s: Since: %s is no version that NEWS.md has" % (path, since))
            elif numbers(since) > numbers(version):
                problems.append("%s: Since: %s is newer than this version, %s" % (path, since, version))
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=lintlib.default_root())
    parser.add_argument("build")
    args = parser.parse_args()
    tap = lintlib.Tap()
    generator = lintlib.load_generator()
    gst, gobject = generator.open_registry(args.build)
    if gst is None:
        tap.skip("docs: pages of the elements", "no python3-gi (Debian packages: python3-gi gir1.2-gstreamer-1.0)")
        return tap.done()
    schemas = lintlib.load_generator("generate-schemas")
    tap.check("docs: docs/schemas are current", ["%s: run docs/generate-schemas.py" % path for path in schemas.stale(args.root)]
              if os.path.exists(os.path.join(args.root, "docs", "records.md")) else [])
    tap.check("docs: one version everywhere", version_problems(args.root))
    made, missing = generator.pages(args.root, gst, gobject)
    for name in missing:
        folder = generator.source_elements(args.root)[name].split("/")[1]
        if folder in os.environ.get("TRIB_PLUGINS_OFF", "").split():
            tap.skip("docs: " + name, "this build is without the option %s (disabled, or what it needs is missing)" % folder)
        else:
            tap.check("docs: " + name, ["not in %s, and no option of this build leaves it out" % args.build])
    for page in made:
        diff = generator.stale(args.root, page)
        tap.check("docs: docs/elements/%s.md is current" % page.name,
                  [diff + "run: " + generator.REGENERATE] if diff else [])
        tap.check("docs: %s leaves nothing unsaid" % page.name, page.problems())
        tap.check("docs: each message of %s has a test" % page.name, unseen_messages(args.root, page))
    tap.check("docs: no page without an element", ["docs/elements/" + n for n in generator.orphans(args.root)])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
