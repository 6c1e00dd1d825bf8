#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Proves that the lint can fail: each case is a small tree with one fault, and the text that must be reported."""

import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # a lint run leaves the tree as it found it
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lintlib  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
LICENCE = "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
ELEMENT = LICENCE + 'GST_ELEMENT_REGISTER_DEFINE (example, "example", GST_RANK_NONE, 0);\n'

# name, file, text, what must be said (None: nothing may be found)
LAYERING = [
    ("common takes GLib", "gst/common/a.c", "#include <glib.h>\n#include <string.h>\n", None),
    ("common refuses GIO", "gst/common/a.c", "#include <gio/gio.h>\n", "gst/common includes GLib only"),
    ("common refuses record", "gst/common/a.c", '#include "../record/b.h"\n', "gst/common includes GLib only"),
    ("record takes common", "gst/record/a.c", "#include <common/b.h>\n", None),
    ("record refuses kafka", "gst/record/a.c", "#include <kafka/b.h>\n", "rule: gst/record"),
    ("frame takes video.h", "gst/frame/a.c", "#include <gst/gst.h>\n#include <gst/video/video.h>\n", None),
    ("frame refuses base classes", "gst/frame/a.c", "#include <gst/base/gstbasesink.h>\n", "rule: gst/frame"),
    ("frame makes no elements", "gst/frame/a.c", 'void f (void) {gst_element_factory_make ("a", 0);}\n',
     "a.c:1: uses gst_element_factory_make"),
    ("a comment makes no elements", "gst/frame/a.c", "/* not gst_element_factory_make\n #include <x.h> */\n", None),
    ("kafka takes librdkafka", "gst/kafka/a.c", "#include <librdkafka/rdkafka.h>\n#include <record/b.h>\n", None),
    ("kafka refuses GStreamer", "gst/kafka/a.c", "#  include <gst/gst.h>\n", "a.c:1: includes gst/gst.h"),
    ("kafka refuses frame", "gst/kafka/a.c", "#include <frame/b.h>\n", "never GStreamer"),
    ("tools take libraries", "gst/tools/a.c", "#include <kafka/b.h>\n#include <glib/gstdio.h>\n", None),
    ("tools refuse GStreamer", "gst/tools/a.c", "#include <gst/gst.h>\n", "rule: gst/tools"),
    ("a plugin takes libraries", "plugins/one/a.c", "#include <gst/base/gstbasesink.h>\n#include <kafka/b.h>\n", None),
    ("a plugin refuses another", "plugins/one/a.c", '#include "../two/b.h"\n', "never another plugin's folder"),
    ("a plugin refuses librdkafka", "plugins/one/a.c", "#include <librdkafka/rdkafka.h>\n", "rule: a plugin folder"),
    ("a unit test refuses plugins", "tests/unit/kafka/a.c", '#include "../../../plugins/two/b.h"\n', "never plugins/"),
    ("a unit test refuses the shelf of elements", "tests/unit/kafka/a.c", "#include <shared/b.h>\n", "never plugins/"),
    ("but for the shelf's own", "tests/unit/shared/a.c", "#include <shared/b.h>\n", None),
    ("which refuses elements", "tests/unit/shared/a.c", '#include "../../../plugins/two/b.h"\n', "never an element's folder"),
    ("a harness test refuses kafka", "tests/harness/a.c", "#include <kafka/b.h>\n", "through the registry"),
    ("a harness test takes frame", "tests/harness/a.c", '#include <frame/b.h>\n#include "support/b.h"\n', None),
    ("a header from nowhere", "plugins/one/a.c", '#include "nowhere.h"\n', "includes nowhere.h"),
    ("a header outside the tree", "plugins/one/a.c", '#include "../../../b.h"\n', "includes ../../../b.h"),
    ("an unknown library", "gst/surprise/a.c", "#include <glib.h>\n", "gst/surprise is not in the table"),
    ("an unknown folder", "src/a.c", "#include <glib.h>\n", "src is not in the table"),
]
NEIGHBOURS = ["gst/common/b.h", "gst/record/b.h", "gst/kafka/b.h", "gst/frame/b.h", "plugins/shared/b.h", "plugins/two/b.h", "tests/support/b.h"]

# check, name, files, what must be said
SOURCE = [
    ("spdx", "no licence line", {"a.c": "int a;\n"}, "a.c: the first line"),
    ("spdx", "a script's second line", {"a.py": "#!/usr/bin/python3\n# " + LICENCE[3:-4] + "\n"}, None),
    ("spdx", "a hidden file counts", {".editorconfig": "root = true\n"}, ".editorconfig: the first line"),
    ("spdx", "a file of settings counts", {"tests/a.supp": "leak:x\n"}, "tests/a.supp: the first line"),
    ("spdx", "XML says it in its second line", {"a.xml": "<?xml version='1.0'?>\n<!-- " + LICENCE[3:-4] + " -->\n"}, None),
    ("spdx", "prose and data need none", {"a.md": "# A\n", "COPYING": "b\n", "tests/fuzz/corpus/c": "c\n"}, None),
    ("spdx", "a meson.build counts", {"x/meson.build": "x = 1\n"}, "x/meson.build: the first line"),
    ("length", "901 lines", {"a.c": LICENCE + "int a;\n" * 900}, "a.c: 901 lines"),
    ("functions", "a long function", {"a.c": "void\nlong_one (void)\n{\n" + "  x ();\n" * 130 + "}\n"}, "long_one is 131"),
    ("functions", "61 lines where the rules are strict", {"gst/common/a.c": "void\nlong_one (void)\n{\n" + "  x ();\n" * 60 + "}\n"},
     "long_one is 61"),
    ("functions", "61 lines elsewhere", {"tests/else/a.c": "void\nlong_one (void)\n{\n" + "  x ();\n" * 60 + "}\n"}, None),
    ("columns", "a long line", {"gst/common/a.c": "/* " + "x" * 98 + "\n*/\n"}, "a.c:1: 101 columns"),
    ("columns", "a long line of others", {"subprojects/a/a.c": "/* " + "x" * 98 + "\n*/\n"}, None),
    ("persons", "a comment", {"gst/common/a.c": "int a;\n/* one\n * Nobody is there */\n"}, "a.c:3: Nobody: a program part"),
    ("persons", "a text", {"gst/common/a.c": 'f ("the one", \n"who is told");\n'}, "a.c:2: told"),
    ("persons", "code and longer words", {"gst/common/a.c": "tell (who); /* whole */\n"}, None),
    ("persons", "a comment of others", {"subprojects/a/a.c": "/* whoever */\n"}, None),
    ("unfinished", "a mark", {"a.md": "one\nFIX" "ME later\n"}, "a.md:2: FIX" "ME"),
    ("unfinished", "a directive of TAP is none", {"a.py": "'not ok 1 /a # TO" "DO later'\n"}, None),
    ("unfinished", "mkstemp is none", {"a.c": "f = g_dir_make_tmp (\"a-XX" "XXXX\");\n"}, None),
    ("paths", "a path of one machine", {"a.c": 'x = "/wo' 'rk/main";\n'}, "a.c:1: /wo" "rk"),
    ("paths", "the end of a longer path", {"a.c": 'x = "/usr/wo' 'rk/main";\n'}, None),
    ("printing", "a library prints", {"gst/common/a.c": 'printf ("x");\n'}, "gst/common/a.c:1: printf"),
    ("printing", "an element prints", {"plugins/one/a.c": '\n g_print ("x");\n'}, "plugins/one/a.c:2: g_print"),
    ("printing", "a program prints", {"gst/tools/a.c": 'g_print ("x");\n'}, None),
    ("printing", "a comment about it", {"gst/common/a.c": '/* printf (x) */ "printf (";\n'}, None),
    ("paths", "a build folder is not committed", {"build/a.c": 'x = "/wo' 'rk/main";\n'}, None),
    ("sleeping", "a test sleeps", {"tests/harness/a.c": "g_usleep (10);\n"}, "tests/harness/a.c:1: g_usleep"),
    ("sleeping", "the one place that waits", {"tests/support/trib-test.c": "g_usleep (10);\n"}, None),
    ("blanks", "blanks at line ends", {"a.c": "int a; \n"}, "a.c:1: blanks"),
    ("blanks", "a tab", {"a.c": "\tint a;\n"}, "a.c:1: a tab"),
    ("blanks", "no newline", {"a.c": "int a;"}, "a.c: no newline"),
    ("headers", "a header that needs another", {"gst/common/a.h": "#pragma once\ngint a (void);\n"},
     "gst/common/a.h: does not compile alone"),
    ("headers", "a header that C++ refuses", {"gst/common/a.h": "#pragma once\nint class (void);\n"},
     "gst/common/a.h: does not compile alone"),
    ("elements", "the README forgets one", {"plugins/one/gstexample.c": ELEMENT}, "README.md does not name `example`"),
    ("elements", "no launch line", {"plugins/one/gstexample.c": ELEMENT, "launch-lines/a/b.launch": "# example\nexample2"},
     "no file under launch-lines/ uses example"),
    ("elements", "no test", {"plugins/one/gstexample.c": ELEMENT}, "makes example"),
    ("elements", "the wrong file", {"plugins/one/a.c": ELEMENT}, "example belongs in gstexample.c"),
    ("elements", "all there", {"plugins/one/gstexample.c": ELEMENT, "README.md": "| `example` |\n",
                               "launch-lines/a/b.launch": "videotestsrc ! example\n",
                               "tests/harness/a.c": 'x ("example");\n'}, None),
]


# name, files, what must be said
LINKS = [
    ("a file that is there", {"a.md": "[b](docs/b.md) ![c](docs/c.svg)\n", "docs/b.md": "[a](../a.md)\n", "docs/c.svg": ""}, None),
    ("a file that is not", {"a.md": "one\n[b](docs/b.md)\n"}, "a.md:2: (docs/b.md): there is no docs/b.md"),
    ("seen from its own folder", {"docs/a.md": "[b](docs/b.md)\n", "docs/b.md": ""}, "there is no docs/docs/b.md"),
    ("a reference", {"a.md": "[b][1]\n\n[1]: b.md\n"}, "a.md:3: (b.md): there is no b.md"),
    ("a heading", {"a.md": "[b](b.md#what-it-is-a-b)\n[own](#x)\n## x\n", "b.md": "# What `it` is: *a*/b\n\n## What it is: a b\n"}, None),
    ("no such heading", {"a.md": "[b](b.md#gone)\n", "b.md": "# Here\n"}, "b.md has no heading #gone"),
    ("the second of a name", {"a.md": "[b](#x-1)\n# x\n# x\n"}, None),
    ("a heading within code", {"a.md": "[b](#x)\n```\n# x\n```\n"}, "a.md has no heading #x"),
    ("code is no link", {"a.md": "`[b](b.md)`\n```\n[c](c.md)\n```\n"}, None),
    ("another machine", {"a.md": "[b](https://example.com/b.md)\n"}, None),
    ("out of the tree", {"a.md": "[b](../b.md)\n"}, "leads out of the tree"),
    ("a path as code", {"a.md": "`docs/b.md --with argument` `docs/*.md` `gst/c` `docs/<x>.md`\n", "docs/b.md": "", "gst/c.c": ""}, None),
    ("a path as code that is not", {"a.md": "see `docs/b.md -x`\n"}, "`docs/b.md`: there is no such file"),
]


def write(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w") as stream:
        stream.write(text)


def run(script, root, *args):
    done = subprocess.run([sys.executable, os.path.join(HERE, script), "--root", root] + list(args),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def judge(tap, name, wanted, code, output):
    if wanted is None:
        tap.check(name, [] if code == 0 else ["should pass, but said:", output])
    else:
        tap.check(name, [] if code == 1 and wanted in output else [
            "should exit 1 and say '%s'; exited %d and said:" % (wanted, code), output])


def main():
    tap = lintlib.Tap()
    for name, path, text, wanted in LAYERING:
        with tempfile.TemporaryDirectory() as root:
            for neighbour in NEIGHBOURS:
                write(root, neighbour, LICENCE)
            write(root, path, text)
            judge(tap, "self-test layering: " + name, wanted, *run("check-layering.py", root))
    for check, name, tree, wanted in SOURCE:
        with tempfile.TemporaryDirectory() as root:
            for path, text in tree.items():
                write(root, path, text)
            judge(tap, "self-test %s: %s" % (check, name), wanted, *run("check-source.py", root, "--only", check))
    for name, tree, wanted in LINKS:
        with tempfile.TemporaryDirectory() as root:
            for path, text in tree.items():
                write(root, path, text)
            judge(tap, "self-test links: " + name, wanted, *run("check-links.py", root))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
