# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lint scripts share: TAP output, the files of the tree, C text without comments and strings."""

import importlib.util
import os
import re

SKIPPED_DIRS = {".git", "subprojects", "__pycache__", "node_modules"}
CODE_ENDINGS = (".c", ".h", ".cc", ".py", ".sh", ".js", ".java", ".launch")


class Tap:
    """Prints TAP; every line of a failure's reason becomes a comment after it."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def _line(self, head, name, tail=""):
        self.count += 1
        print("%s %d - %s%s" % (head, self.count, name, tail), flush=True)

    def check(self, name, problems):
        """@problems: a list of texts, empty when all is well."""
        if not problems:
            self._line("ok", name)
            return True
        self.failed += 1
        self._line("not ok", name)
        for problem in problems:
            for line in problem.splitlines():
                print("# " + line, flush=True)
        return False

    def skip(self, name, reason):
        self._line("ok", name, " # SKIP " + reason)

    def done(self):
        print("1..%d" % self.count, flush=True)
        return 1 if self.failed else 0


def default_root():
    return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def load_generator(name="generate-elements"):
    """A program of docs as a module."""
    path = os.path.join(default_root(), "docs", name + ".py")
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def files(root):
    """Paths below @root with '/' as separator, sorted; build folders, hidden folders and subprojects left out."""
    found = []
    for folder, dirs, names in os.walk(root):
        dirs[:] = sorted(
            d for d in dirs
            if d not in SKIPPED_DIRS and (not d.startswith(".") or d == ".ci")
            and not (folder == root and (d == "build" or d.startswith("build-")))
            and not os.path.isdir(os.path.join(folder, d, "meson-private")))
        for name in names:
            found.append(os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/"))
    return sorted(found)


def read(root, path):
    """The file's text, or None when it is not text."""
    full = os.path.join(root, path)
    if not os.path.isfile(full):
        return None
    with open(full, "rb") as stream:
        data = stream.read()
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def is_c(path):
    return path.endswith((".c", ".h"))


def is_script(text):
    return text.startswith("#!")


def is_code(path, text):
    return path.endswith(CODE_ENDINGS) or os.path.basename(path) in (
        "meson.build", "meson_options.txt") or is_script(text)


_TOKEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def _blank(match):
    text = match.group(0)
    if text.startswith('"'):
        return '""'
    if text.startswith("'"):
        return "''"
    return "\n" * text.count("\n") or " "


def code_only(text):
    """C text with comments and the insides of literals removed; line numbers stay."""
    return _TOKEN.sub(_blank, text)


def comments_and_strings(text):
    """The rest of code_only(): blanks stand for code; line numbers stay."""
    kept, at = [], 0
    for match in _TOKEN.finditer(text):
        kept += ["\n" * text.count("\n", at, match.start()) + " ", match.group(0)]
        at = match.end()
    return "".join(kept)


def without_comments(text):
    return _TOKEN.sub(lambda m: m.group(0) if m.group(0)[0] in "\"'" else _blank(m), text)


_REGISTER = re.compile(r"\bGST_ELEMENT_REGISTER_DEFINE(?:_WITH_CODE|_CUSTOM)?\s*\(\s*\w+\s*,\s*\"([^\"]+)\"")


def elements(root):
    """{element name: path of the file that registers it}, from the sources under plugins/."""
    found = {}
    for path in files(root):
        if path.startswith("plugins/") and path.endswith(".c"):
            for name in _REGISTER.findall(without_comments(read(root, path) or "")):
                found[name] = path
    return found


_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def includes(text):
    """[(line number, '<' or '"', what)]; commented-out ones do not count."""
    bare = _TOKEN.sub(lambda m: _blank(m) if m.group(0).startswith("/") else m.group(0), text)
    return [(bare.count("\n", 0, m.start(2)) + 1, m.group(1), m.group(2))
            for m in _INCLUDE.finditer(bare)]
