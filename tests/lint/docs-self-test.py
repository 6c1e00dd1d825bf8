#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Proves that the documentation check can fail: small trees that claim GStreamer's `identity` as theirs, each with one fault."""

import os
import subprocess
import sys
import tempfile
import types

sys.dont_write_bytecode = True  # a lint run leaves the tree as it found it
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lintlib  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
GENERATOR = os.path.join(lintlib.default_root(), "docs", "generate-elements.py")
STATS = ("num-bytes", "num-buffers")
SOURCE = """/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-identity
 * @title: identity
 *
 * Passes #GstBuffer items on; see #GstIdentity:silent and %NULL.
 *
 * ## Caps
 * Any.
 *
 * ## Timing
 * As it comes.
 *
 * ## Threads
 * None of its own.
 *
 * ## Errors
 * None.
 *
 * ## Messages
 * - `identity-passed`: a buffer went by. Fields: `size` (bytes, uint64), `late` (boolean),
 * `count-KIND` (uint64).
 *
 * ## Stats
STATS
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -e fakesrc num-buffers=1 ! identity \\\\
 *   name="one" ! fakesink
 * ]|
 *
 * Since: 0.1
 */
GST_ELEMENT_REGISTER_DEFINE (identity, "identity", GST_RANK_NONE, GST_TYPE_IDENTITY);
/* "identity-in-a-comment" */
static void
add_more (GstElement *element, GstStructure *s)
{
  gst_structure_set (s, "late", G_TYPE_BOOLEAN, FALSE, "count-good", G_TYPE_UINT64, 1, NULL);
}

static void
add_stats (GstStructure *s)
{
  gst_structure_set (s, "only-in-stats", G_TYPE_INT, 1, NULL);
}

static void
tell (GstElement *element)
{
  GstStructure *s = gst_structure_new ("identity-passed", "size", G_TYPE_UINT64, 1, NULL);
  add_more (element, s);
}
""".replace("\\\\", "\\")
# the same message by a table; its item is made from it
BY_CODE = SOURCE[SOURCE.index("static void\ntell"):]
ITEM = SOURCE[SOURCE.index(" * - `identity-passed`"):SOURCE.index(" *\n * ## Stats")]
TABLE = """#define COUNT(name, field, about) \\
  { name, TRIB_FIELD_UINT64, G_STRUCT_OFFSET (Values, field), about }
static const TribField rows[] = {
  COUNT ("size", size, "bytes, as "
    "they are"),
  { "late", TRIB_FIELD_BOOL, 8, "whether, or not" },
  { "count-", TRIB_FIELD_COUNTS, 16, "how many", .n = 2, .to_string = reason },
};
static const TribFieldTable table = TRIB_FIELD_TABLE ("identity-passed", "a buffer went by", rows);
"""
STATS_TABLE = """static const TribField stats_rows[] = {
  { "%s", TRIB_FIELD_UINT64, 0, "bytes" },
};
static const TribFieldTable stats = TRIB_FIELD_TABLE ("application/x-identity-stats", NULL, stats_rows);
"""
HARNESS = 'wait_for ("identity-passed");\nwait_for ("identity-lost");\n'
LAUNCH = "# about: One buffer.\n# expect: eos\nfakesrc num-buffers=1\n  ! identity name=one\n  ! fakesink\n"


def real_stats_name():
    return (real_stats() or STATS)[0]


def real_stats():
    """identity has had other fields in other versions: what it has here."""
    try:
        import gi
        gi.require_version("Gst", "1.0")
        from gi.repository import Gst
        Gst.init(None)
    except (ImportError, ValueError):
        return None
    stats = Gst.ElementFactory.make("identity").get_property("stats")
    return [stats.nth_field_name(i) for i in range(stats.n_fields())]


# name, what to replace in the source, by what, what must be said (None: all is well)
CASES = [
    ("all there", "", "", None),
    ("no SECTION block", "SECTION:element-identity", "identity", "no comment block with 'SECTION:element-identity'"),
    ("a heading missing", " * ## Threads\n", "", "lacks text under '## Threads'"),
    ("a heading without text", " * None of its own.\n", "", "lacks text under '## Threads'"),
    ("no introduction", " * Passes #GstBuffer items on; see #GstIdentity:silent and %NULL.\n", "", "what the element is for"),
    ("no version", " * Since: 0.1\n", "", "lacks 'Since: <version>'"),
    ("a message unsaid", "add_more (element, s);", 'post ("identity-lost");', "message `identity-lost` is not on the page"),
    ("a message that is not", '"identity-passed", "size"', '"passed", "size"', "an item `identity-passed`, which"),
    ("a message in running text", " * - `identity-passed`:", " * `identity-passed`:", "`identity-passed` is not an item of its own"),
    ("a new field of a message", '"size", G_TYPE_UINT64, 1', '"size", G_TYPE_UINT64, 1, "secret", G_TYPE_INT, 2',
     "the item of message `identity-passed` does not name its field `secret`"),
    ("a new field, given by a helper", '"late", G_TYPE_BOOLEAN', '"secret", GST_TYPE_ARRAY, 0, "late", G_TYPE_BOOLEAN',
     "does not name its field `secret`"),
    ("a new field, taken as a value", "add_more (element, s);", 'gst_structure_take_value (s, "secret", &value);',
     "does not name its field `secret`"),
    ("a field's words removed", "`late` (boolean),", "", "does not name its field `late`"),
    ("a field that is not", "`late` (boolean),", "`late` (boolean), `early` (boolean),", "names a field `early`, which no code makes"),
    ("a stats field unsaid", "`num-bytes`", "bytes", "stats `num-bytes` is not on the page"),
    ("a stats field that is not", "`num-bytes`", "`num-bytes`, `num-bits`", "an item `num-bits`, which"),
    ("a table besides an item", BY_CODE, TABLE, "an item `identity-passed`, which a table has, too"),
    ("a row without a meaning", "add_more (element, s);", TABLE.replace(', "whether, or not"', ""), "says no name, kind and meaning"),
    ("a table without rows", "add_more (element, s);", TABLE.replace("TribField rows", "TribField other"), "are not in its folder: rows"),
    ("a stats table besides an item", BY_CODE, BY_CODE + STATS_TABLE % real_stats_name(), "which a table has, too"),
    ("a stats table with a field that is not", BY_CODE, BY_CODE + STATS_TABLE % "num-bits", "has a field `num-bits`, which"),
    ("a launch line that no test runs", "num-buffers=1", "num-buffers=2", "is the pipeline of a file under launch-lines/"),
]


def write(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w") as stream:
        stream.write(text)


def write_version(root, version="0.1.7", news="0.1"):
    write(root, "meson.build", "project('x', 'c',\n  version: '%s',\n)\n" % version)
    write(root, "NEWS.md", "# News\n\n## %s\n" % news)


def run(script, *args):
    done = subprocess.run([sys.executable, script] + list(args), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def check_items(tap, source, gst):
    """The page of a table: the item, with its fields, types and meanings, and no need of the heading in the block."""
    from gi.repository import GObject
    name = real_stats_name()
    changed = source.replace(BY_CODE, TABLE + STATS_TABLE % name).replace(" * ## Messages\n" + ITEM, "")
    changed = changed.replace(" * - `%s`: a count.\n" % name, "")
    with tempfile.TemporaryDirectory() as root:
        write(root, "plugins/core/gstidentity.c", changed)
        # rows and macros of the same name in another file are not meant
        write(root, "plugins/core/zz.c", TABLE.replace("identity-passed", "zz-passed").replace("as they are", "otherwise"))
        write(root, "launch-lines/core/one.launch", LAUNCH)
        page = lintlib.load_generator().Page(root, "identity", "plugins/core/gstidentity.c", gst, GObject)
    wanted = ("## Messages - `identity-passed`: a buffer went by. Fields: `size` (uint64: bytes, as they are), `late` (boolean: "
              "whether, or not), `count-REASON` (uint64: how many). ##", " - `%s` (uint64): bytes" % name)
    said = " ".join(page.text.split())
    tap.check("self-test docs: items of tables",
              page.problems() + ["not on the page: %s" % text for text in wanted if text not in said])


def check_blurbs(tap, source, gst):
    """A property's meaning is its blurb, and the blurbs of GStreamer's elements are not ours to remove."""
    from gi.repository import GObject
    with tempfile.TemporaryDirectory() as root:
        write(root, "plugins/core/gstidentity.c", source)
        page = lintlib.load_generator().Page(root, "identity", "plugins/core/gstidentity.c", gst, GObject)
        for blurb, said in (("How loud it is", False), ("", True), (None, True)):
            page.properties = [types.SimpleNamespace(name="level", blurb=blurb)]
            found = page.problems()
            problem = "identity: property `level` has no blurb that says what it means"
            tap.check("self-test docs: a property whose blurb is %r" % blurb, [] if (problem in found) == said else found)


def main():
    tap = lintlib.Tap()
    try:
        import gi
        gi.require_version("Gst", "1.0")
        from gi.repository import Gst
        Gst.init(None)
    except (ImportError, ValueError):
        tap.skip("self-test docs", "no python3-gi (Debian packages: python3-gi gir1.2-gstreamer-1.0)")
        return tap.done()
    source = SOURCE.replace("STATS", "\n".join(" * - `%s`: a count." % n for n in real_stats() or STATS))
    with tempfile.TemporaryDirectory() as empty:
        for name, old, new, wanted in CASES:
            with tempfile.TemporaryDirectory() as root:
                changed = source.replace(old, new) if old else source
                write_version(root)
                write(root, "plugins/core/gstidentity.c", changed)
                write(root, "launch-lines/core/one.launch", LAUNCH)
                write(root, "tests/harness/identity.c", HARNESS)
                problems = [] if not old or changed != source else ["the case changes nothing"]
                code, output = run(GENERATOR, "--root", root, empty)
                if (code, wanted is None) not in ((0, True), (1, False)) or (wanted and wanted not in output):
                    problems += ["exited %d, should say '%s', said:" % (code, wanted), output]
                # what was just written is current, complete or not
                code, output = run(os.path.join(HERE, "check-docs.py"), "--root", root, empty)
                if "not ok 1" in output or (wanted is None) != (code == 0):
                    problems += ["check-docs.py right after writing, exit %d:" % code, output]
                tap.check("self-test docs: " + name, problems)
        with tempfile.TemporaryDirectory() as root:
            write_version(root)
            write(root, "plugins/core/gstidentity.c", source)
            write(root, "launch-lines/core/one.launch", LAUNCH)
            code, output = run(GENERATOR, "--check", "--root", root, empty)
            tap.check("self-test docs: a page that is not there is stale",
                      [] if code == 1 and "run: docs/generate-elements.py" in output else [output])
            run(GENERATOR, "--root", root, empty)
            code, output = run(os.path.join(HERE, "check-docs.py"), "--root", root, empty)
            tap.check("self-test docs: a message that no test waits for",
                      [] if code == 1 and "waits for the message identity-passed" in output else [output])
            write(root, "docs/elements/gone.md", "x\n")
            with open(os.path.join(root, "docs/elements/identity.md"), "a") as stream:
                stream.write("by hand\n")
            code, output = run(GENERATOR, "--check", "--root", root, empty)
            tap.check("self-test docs: a page changed by hand is stale", [] if code == 1 and "-by hand" in output else [output])
            tap.check("self-test docs: a page without an element", [] if "gone.md: there is no such" in output else [output])
            run(GENERATOR, "--root", root, empty)
            code, output = run(GENERATOR, "--check", "--root", root, empty)
            tap.check("self-test docs: generating again mends both", [] if code == 0 else [output])
            for version, news, wanted in (("0.1.0", "0.2", "the newest heading is 0.2, the version of meson.build 0.1"),
                                          ("0.2.0", "0.2", "Since: 0.1 is no version that NEWS.md has"),
                                          ("0.0.9", "0.0\n## 0.1", "Since: 0.1 is newer than this version, 0.0")):
                write_version(root, version, news)
                code, output = run(os.path.join(HERE, "check-docs.py"), "--root", root, empty)
                tap.check("self-test docs: version %s, news of %s" % (version, news.split()[0]),
                          [] if code == 1 and wanted in output else [output])
    check_blurbs(tap, source, Gst)
    check_items(tap, source, Gst)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
