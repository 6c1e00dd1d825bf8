#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may include whom (docs/architecture.md): reads every #include and holds it against RULES.

usage: check-layering.py [--root FOLDER]

A folder that no rule names fails: a new folder is a decision, taken by adding its line here.
"""

import argparse
import os
import re
import sys

sys.dont_write_bytecode = True  # a lint run leaves the tree as it found it
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lintlib  # noqa: E402

LIBC = (r"(assert|ctype|dirent|dlfcn|errno|fcntl|fenv|float|inttypes|limits|locale|malloc|math|netdb|poll|pthread|"
        r"sched|setjmp|signal|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|strings|termios|threads|time|unistd|byteswap|endian|"
        r"sys/\w+|netinet/\w+|arpa/inet|immintrin|nmmintrin|smmintrin|cpuid|arm_acle)\.h")
GLIB = r"(glib|glib-object|glib-unix|glib/\w+|gmodule|gobject/\w+)\.h"
GIO = r"gio/\w+\.h|gio/gunixconnection\.h"
RDKAFKA = r"librdkafka/rdkafka(_mock)?\.h"
JSON_GLIB = r"json-glib/json-glib\.h"
PANGO = r"pango/pangocairo\.h"
MSGPACK_C = r"msgpack\.h"
GST_DATA = r"gst/gst\.h|gst/video/video(-\w+)?\.h|gst/base/gstbytereader\.h"
GST_CLOCK = r"gst/check/gsttestclock\.h"
GST_ANY = r"gst/.+\.h"

# what makes an element, or names a class of elements: glue, not knowledge
ELEMENT_WORDS = re.compile(
    r"\b(gst_element_factory_\w+|gst_parse_(?:launch|bin)\w*|gst_element_register|GST_ELEMENT_REGISTER\w*|"
    r"GST_ELEMENT_ERROR\w*|GST_TYPE_(?:ELEMENT|BIN|PIPELINE|BASE_\w+|PUSH_SRC|AGGREGATOR|VIDEO_(?:ENCODER|DECODER|"
    r"FILTER|SINK)|AUDIO_(?:ENCODER|DECODER|FILTER))|Gst(?:Bin|Pipeline|BaseSink|BaseSrc|BaseTransform|PushSrc|"
    r"Aggregator|VideoEncoder|VideoDecoder|VideoFilter)(?:Class)?)\b")

LIBS = "*"  # every library of gst/


class Rule:
    """own: folders below gst/ whose headers may be included; system: patterns of <...>; no_words: forbidden code."""

    def __init__(self, text, own=(), system=(), tests=(), no_words=None):
        self.text = text
        self.own = own
        self.system = re.compile("|".join("(?:%s)" % s for s in (LIBC,) + tuple(system)) or "$^")
        self.tests = tests
        self.no_words = no_words


REGISTRY_ONLY = ("harness, generic and pipelines see elements only through the registry: GStreamer, GLib/GIO, tests/support, "
                 "librdkafka as the other side of the wire, and the headers that applications may link (gst/common, gst/frame); never plugins/ or another library")
TEST_SYSTEM = (GLIB, GIO, GST_ANY)

RULES = {
    "gst/common": Rule("gst/common includes GLib only", own=(), system=(GLIB,), no_words=ELEMENT_WORDS),
    "gst/record": Rule("gst/record includes GLib and gst/common only", own=("common",), system=(GLIB,),
                       no_words=ELEMENT_WORDS),
    "gst/frame": Rule("gst/frame includes GStreamer's data headers (gst/gst.h, gst/video/video.h) and gst/common; it names no "
                      "class of elements and makes none", own=("common",), system=(GLIB, GST_DATA),
                      no_words=ELEMENT_WORDS),
    "gst/kafka": Rule("gst/kafka includes GLib/GIO, librdkafka, gst/common and gst/record; never GStreamer",
                      own=("common", "record"), system=(GLIB, GIO, RDKAFKA), no_words=ELEMENT_WORDS),
    "gst/align": Rule("gst/align includes GLib, gst/common and gst/record; it reads no clock and never GStreamer", own=("common", "record"),
                      system=(GLIB,), no_words=ELEMENT_WORDS),
    "gst/extract": Rule("gst/extract includes GLib, gst/common and gst/record; it reads no clock and never GStreamer", own=("common", "record"),
                        system=(GLIB,), no_words=ELEMENT_WORDS),
    "gst/overlay": Rule("gst/overlay includes GLib, Pango with Cairo, and gst/record; it reads no clock and never GStreamer",
                        own=("common", "record"), system=(GLIB, PANGO), no_words=ELEMENT_WORDS),
    "gst/socket": Rule("gst/socket includes GLib, gst/common and gst/record; never GStreamer", own=("common", "record"), system=(GLIB,),
                       no_words=ELEMENT_WORDS),
    "gst/trace": Rule("gst/trace includes GLib, gst/common and gst/record; never GStreamer", own=("common", "record"),
                      system=(GLIB,), no_words=ELEMENT_WORDS),
    "gst/tools": Rule("gst/tools (installed programs) includes the libraries of gst/ and GLib/GIO; what needs more belongs "
                      "in a library", own=LIBS, system=(GLIB, GIO), no_words=ELEMENT_WORDS),
    "plugins/shared": Rule("plugins/shared includes the libraries of gst/, GStreamer and GLib/GIO; never an element's folder", own=LIBS,
                           system=(GLIB, GIO, GST_ANY)),
    "plugins/*": Rule("a plugin folder includes its own folder, plugins/shared, the libraries of gst/, GStreamer and GLib/GIO; never another "
                      "plugin's folder, never an external library that a folder of gst/ wraps", own=LIBS,
                      system=(GLIB, GIO, GST_ANY)),
    "tests/unit/shared": Rule("tests/unit/shared links plugins/shared, gst/, tests/support, GLib/GIO and GStreamer; never an element's folder",
                              own=LIBS, system=(GLIB, GIO, GST_ANY), tests=("support",)),
    "tests/unit/*": Rule("tests/unit links libraries: gst/, tests/support, GLib/GIO, GStreamer's data headers and test clock; never plugins/",
                         own=LIBS, system=(GLIB, GIO, GST_DATA, GST_CLOCK, RDKAFKA), tests=("support",)),
    "tests/fuzz": Rule("tests/fuzz links libraries: gst/, tests/support, GLib/GIO; never plugins/", own=LIBS,
                       system=(GLIB, GIO, GST_DATA), tests=("support",)),
    "tests/harness": Rule(REGISTRY_ONLY, own=("common", "frame"), system=TEST_SYSTEM + (RDKAFKA,), tests=("support",)),
    "tests/generic": Rule(REGISTRY_ONLY, own=("common", "frame"), system=TEST_SYSTEM, tests=("support",)),
    "tests/pipelines": Rule(REGISTRY_ONLY, own=("common", "frame"), system=TEST_SYSTEM, tests=("support",)),
    "tests/integration": Rule("tests/integration uses elements through the registry and may link libraries to look at what "
                              "they did; never plugins/", own=LIBS, system=TEST_SYSTEM + (RDKAFKA,), tests=("support",)),
    "tests/bench": Rule("tests/bench uses elements through the registry, libraries, and a peer (librdkafka, json-glib, msgpack-c) to measure "
                        "against; never plugins/", own=LIBS, system=TEST_SYSTEM + (RDKAFKA, JSON_GLIB, MSGPACK_C), tests=("support",)),
    "tests/support": Rule("tests/support knows no part of the project but gst/common and gst/record: GLib/GIO, GStreamer, "
                          "librdkafka to read topics back", own=("common", "record"), system=TEST_SYSTEM + (RDKAFKA,)),
    "tests/install": Rule("tests/install is what an application is: GStreamer, GLib/GIO, and the installed headers",
                          own=("common", "frame"), system=TEST_SYSTEM),
    "examples": Rule("examples use what applications may link: GStreamer, GLib/GIO, gst/common, gst/frame",
                     own=("common", "frame"), system=TEST_SYSTEM),
}


def find_rule(folder):
    """The rule of @folder, its key as it applies there (a '*' stands for one name), or (None, None).

    A folder below a ruled one is held to the same rule, but for the folders whose children are told apart above.
    """
    parts = folder.split("/")
    for length in range(len(parts), 0, -1):
        here = parts[:length]
        for key in ("/".join(here), "/".join(here[:-1] + ["*"])):
            if key in RULES:
                return "/".join(here), RULES[key]
    return None, None


def resolve(root, path, what):
    """Where a project header lies, as a path below @root; None when it is not ours."""
    for base in (os.path.dirname(path), "gst", "plugins", "", "tests", "tests/support"):
        candidate = os.path.normpath(os.path.join(base, what)).replace(os.sep, "/")
        if candidate.startswith("../"):
            return candidate
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def allowed(rule, home, target):
    if target == "config.h" or target.startswith(home + "/"):
        return True
    parts = target.split("/")
    if target.startswith("plugins/shared/"):
        return home.startswith("plugins/") or home == "tests/unit/shared"
    if parts[0] == "gst" and len(parts) > 2:
        # programs are no libraries
        return parts[1] != "tools" and (rule.own == LIBS or parts[1] in rule.own)
    return parts[0] == "tests" and len(parts) > 2 and parts[1] in rule.tests


def check_file(root, path, home, rule):
    text = lintlib.read(root, path) or ""
    problems = []
    for line, quote, what in lintlib.includes(text):
        if what == "config.h":
            continue
        target = resolve(root, path, what)
        if target is not None:
            fine = allowed(rule, home, target)
        else:
            # a quoted header that is nowhere in the tree cannot be judged: refuse it
            fine = quote == "<" and rule.system.fullmatch(what) is not None
        if not fine:
            problems.append("%s:%d: includes %s%s\n  rule: %s" % (
                path, line, what, " (%s)" % target if target and target != what else "", rule.text))
    if rule.no_words:
        code = lintlib.code_only(text)
        for match in rule.no_words.finditer(code):
            problems.append("%s:%d: uses %s: elements belong in plugins/\n  rule: %s" % (
                path, code.count("\n", 0, match.start()) + 1, match.group(0), rule.text))
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=lintlib.default_root())
    root = parser.parse_args().root
    tap = lintlib.Tap()
    folders = {}
    for path in lintlib.files(root):
        if lintlib.is_c(path):
            folders.setdefault(os.path.dirname(path), []).append(path)
    for folder, paths in sorted(folders.items()):
        home, rule = find_rule(folder)
        name = "layering: " + (folder or "top folder")
        if rule is None:
            tap.check(name, ["%s is not in the table of tests/lint/check-layering.py: a new folder of C code needs a line "
                             "that says what it may include" % (folder or "the top folder")])
            continue
        problems = []
        for path in paths:
            problems += check_file(root, path, home, rule)
        tap.check(name, problems)
    if not folders:
        tap.check("layering", ["no C file below %s" % root])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
