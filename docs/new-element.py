#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a new element that builds and passes every test as it is; what it does is yours to change then.

usage: docs/new-element.py frame-counter-sink --plugin frame --kind sink

The words of the name become the element `framecountersink`, the type GstFrameCounterSink and the functions
gst_frame_counter_sink_...; a plugin folder that is not there is made, with its option. Written are the element (from
docs/templates), its test, its launch file, and their lines in meson.build, README.md, NEWS.md and docs/architecture.md;
then the tree is built and docs/elements/<element>.md generated. Nothing is written when anything stands in the way.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
MESON = "/usr/bin/meson" if os.access("/usr/bin/meson", os.X_OK) else "meson"
CLANG_FORMAT_VERSION = "14"  # as the lint wants it

ABOUT = {"sink": "Counts buffers and drops those above a size", "src": "Makes buffers whose bytes all have one value",
         "transform": "Counts and pushes buffers, and drops those above a size"}
KLASS = {"sink": "Sink", "src": "Source", "transform": "Filter"}
BASE = {"sink": "BaseSink", "src": "PushSrc", "transform": "BaseTransform"}
SOURCE = "fakesrc num-buffers=10 sizetype=fixed sizemax=4096 filltype=zero"
PIPELINE = {"sink": SOURCE + " ! %s max-buffer-bytes=65536", "src": "%s num-buffers=10 fill-byte=255 ! fakesink",
            "transform": SOURCE + " ! %s max-buffer-bytes=65536 ! fakesink"}


class CannotMake(Exception):
    pass


class Tree:
    """The files as they will be; nothing is written before write()."""

    def __init__(self, root):
        self.root = root
        self.texts = {}

    def exists(self, path):
        return path in self.texts or os.path.exists(os.path.join(self.root, path))

    def read(self, path):
        if path not in self.texts:
            with open(os.path.join(self.root, path), encoding="utf-8") as stream:
                return stream.read()
        return self.texts[path]

    def add(self, path, text):
        if self.exists(path):
            raise CannotMake("%s is there already" % path)
        self.texts[path] = text

    def insert(self, path, pattern, text, before=False):
        """Puts @text behind the last match of @pattern, or before the first."""
        old = self.read(path)
        found = list(re.finditer(pattern, old, re.MULTILINE | re.DOTALL))
        if not found:
            raise CannotMake("%s has no place for '%s': nothing there is like %s" % (path, text.strip(), pattern))
        at = found[0].start() if before else found[-1].end()
        self.texts[path] = old[:at] + text + old[at:]

    def write(self):
        for path, text in self.texts.items():
            full = os.path.join(self.root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as stream:
                stream.write(text)
        return sorted(self.texts)


def fill(template, words):
    with open(os.path.join(HERE, "templates", template), encoding="utf-8") as stream:
        return re.sub(r"@(%s)@" % "|".join(words), lambda m: words[m.group(1)], stream.read())


def words_of(name, plugin, kind, version):
    parts = name.split("-")
    element = "".join(parts)
    pipeline = PIPELINE[kind] % element
    return {"name": element, "Name": "".join(p.capitalize() for p in parts), "c_name": "_".join(parts),
            "C_NAME": "_".join(parts).upper(), "plugin": plugin, "since": version, "Base": BASE[kind],
            "base_header": BASE[kind].lower(), "about": ABOUT[kind], "about_small": ABOUT[kind][0].lower() + ABOUT[kind][1:],
            "long_name": " ".join(parts).capitalize(), "klass": KLASS[kind],
            # a line of a comment, so that clang-format has little to break
            "pipeline": pipeline.replace(" ! ", " !\n * ")}


def add_element(tree, kind, words):
    element, plugin = words["name"], words["plugin"]
    folder = "plugins/" + plugin
    tree.add("%s/gst%s.h" % (folder, element), fill("element.h.in", words))
    tree.add("%s/gst%s.c" % (folder, element), fill(kind + ".c.in", words))
    tree.add("tests/harness/%s.c" % element, fill("harness-%s.c.in" % kind, words))
    tree.add("launch-lines/%s/%s.launch" % (plugin, element),
             "# SPDX-License-Identifier: LGPL-2.1-or-later\n# about: %s.\n# expect: eos\n%s\n"
             % (words["about"], (PIPELINE[kind] % element).replace(" ! ", "\n  ! ")))


def join_plugin(tree, words):
    """One more element of a plugin that is there."""
    folder, element = "plugins/" + words["plugin"], words["name"]
    tree.insert(folder + "/plugin.c", r'#include "gst\w+\.h"\n', '#include "gst%s.h"\n' % element)
    tree.insert(folder + "/plugin.c", r"GST_ELEMENT_REGISTER \(\w+, plugin\)", "\n         && GST_ELEMENT_REGISTER (%s, plugin)" % element)
    tree.insert(folder + "/meson.build", r"^  '[\w-]+\.c',\n", "  'gst%s.c',\n" % element)
    for dependency in ("shared_dep", "gst_base_dep"):
        if dependency not in tree.read(folder + "/meson.build"):
            tree.insert(folder + "/meson.build", r"dependencies: \[[^\]]*", ", " + dependency)


def new_plugin(tree, words):
    """A folder of its own, and the option that leaves it out."""
    plugin, element = words["plugin"], words["name"]
    tree.add("plugins/%s/plugin.c" % plugin, fill("plugin.c.in", words))
    tree.add("plugins/%s/meson.build" % plugin, fill("plugin.meson.in", words))
    tree.insert("plugins/meson.build", r"^  '\w+': build_\w+,\n", "  '%s': build_%s,\n" % (plugin, plugin))
    tree.insert("meson.build", r"^build_tests =", "build_%s = not get_option('%s').disabled()\n" % (plugin, plugin), before=True)
    tree.insert("meson_options.txt", r"^option\('tests'",
                "option('%s', type: 'feature', value: 'auto', description: '%s')\n" % (plugin, element), before=True)


def add_lines(tree, words):
    """What the rest of the tree says of the element."""
    plugin, element, about = words["plugin"], words["name"], words["about_small"]
    harness, block = "tests/harness/meson.build", r"^if build_%s\n(?:(?!^endif).)*?harness_tests \+= \[\n" % plugin
    line = "    ['%s', ['%s.c'], []],\n" % (element, element)
    if re.search(block, tree.read(harness), re.MULTILINE | re.DOTALL):
        tree.insert(harness, block, line)
    else:
        tree.insert(harness, r"^\nforeach t : harness_tests", "if build_%s\n  harness_tests += [\n%s  ]\nendif\n" % (plugin, line), before=True)
    tree.insert("README.md", r"^\| \[`\w+`\]\(docs/elements/\w+\.md\) \|[^\n]*\n",
                "| [`%s`](docs/elements/%s.md) | %s |\n" % (element, element, about))
    tree.insert("NEWS.md", r"\A.*?^## .*?\n- .*?(?=\n\n## |\n*\Z)", "\n- `%s` %s." % (element, about))
    row = r"^\| `plugins/%s` \| [^|]*?(?= \|)" % plugin
    if re.search(row, tree.read("docs/architecture.md"), re.MULTILINE):
        tree.insert("docs/architecture.md", row, ", `%s`" % element)
    else:
        tree.insert("docs/architecture.md", r"^\| `plugins/\w+` \|[^\n]*\n", "| `plugins/%s` | `%s` | GStreamer |\n" % (plugin, element))


def check_names(tree, name, plugin):
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name.replace("-", "")) < 4:
        raise CannotMake("the name is lower-case words with '-' between them, such as frame-counter-sink; not %s" % name)
    if not re.fullmatch(r"[a-z][a-z0-9]+", plugin):
        raise CannotMake("a plugin is one lower-case word; not %s" % plugin)
    if not tree.exists("plugins/%s/meson.build" % plugin) and "option('%s'," % plugin in tree.read("meson_options.txt"):
        raise CannotMake("there is an option named %s, which is no plugin" % plugin)
    element = name.replace("-", "")
    for folder in sorted(os.listdir(os.path.join(tree.root, "plugins"))):
        if tree.exists("plugins/%s/gst%s.c" % (folder, element)):
            raise CannotMake("there is an element %s in plugins/%s" % (element, folder))


def lay_out(root, paths):
    for program in ("clang-format-" + CLANG_FORMAT_VERSION, "clang-format"):
        if shutil.which(program):
            said = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
            if "version %s." % CLANG_FORMAT_VERSION in said:
                subprocess.run([program, "-i", "--style=file"] + paths, cwd=root, check=True)
                return
    print("not laid out: clang-format %s is not here; the lint looks at the columns alone" % CLANG_FORMAT_VERSION)


def run(root, *command):
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise CannotMake("%s:\n%s" % (" ".join(command), done.stdout))


def build_and_document(root, build):
    if not os.path.exists(os.path.join(root, build, "build.ninja")):
        run(root, MESON, "setup", build)
    run(root, "ninja", "-C", build)
    run(root, sys.executable, "docs/generate-elements.py", build)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="words with '-' between them")
    parser.add_argument("--plugin", required=True, help="folder below plugins/, there or new")
    parser.add_argument("--kind", required=True, choices=sorted(ABOUT))
    parser.add_argument("--build", default="build", help="the build folder (default: build)")
    parser.add_argument("--no-build", action="store_true", help="leave building and docs/elements to you")
    args = parser.parse_args()
    tree = Tree(ROOT)
    try:
        check_names(tree, args.name, args.plugin)
        version = re.search(r"version: '(\d+\.\d+)", tree.read("meson.build")).group(1)
        words = words_of(args.name, args.plugin, args.kind, version)
        add_element(tree, args.kind, words)
        (join_plugin if tree.exists("plugins/%s/meson.build" % args.plugin) else new_plugin)(tree, words)
        add_lines(tree, words)
        paths = tree.write()
        lay_out(ROOT, [p for p in paths if p.endswith((".c", ".h"))])
        if not args.no_build:
            build_and_document(ROOT, args.build)
            paths.append("docs/elements/%s.md" % words["name"])
    except (CannotMake, OSError, subprocess.CalledProcessError) as why:
        print("new-element: %s" % why, file=sys.stderr)
        return 1
    print("\n".join(paths))
    print("next: make %s do what it is for, then: tests/run lint harness generic pipelines" % words["name"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
