#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages of docs/elements are what docs/generate-elements.py writes today, and leave nothing unsaid.

usage: check-docs.py [--root FOLDER] BUILD_FOLDER
"""

import argparse
import importlib.util
import os
import sys

sys.dont_write_bytecode = True  # a lint run leaves the tree as it found it
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lintlib  # noqa: E402


def load_generator():
    path = os.path.join(lintlib.default_root(), "docs", "generate-elements.py")
    spec = importlib.util.spec_from_file_location("generate_elements", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=lintlib.default_root())
    parser.add_argument("build")
    args = parser.parse_args()
    tap = lintlib.Tap()
    generator = load_generator()
    gst, gobject = generator.open_registry(args.build)
    if gst is None:
        tap.skip("docs: pages of the elements", "no python3-gi (Debian packages: python3-gi gir1.2-gstreamer-1.0)")
        return tap.done()
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
    tap.check("docs: no page without an element", ["docs/elements/" + n for n in generator.orphans(args.root)])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
