# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tables of fields (plugins/shared/trib-fields.h) as the C files of a plugin have them, and their items in a page.

A table is TRIB_FIELD_TABLE ("name", "when, or what" or NULL, rows); its rows are an array of TribField anywhere in the
plugin's folder or in plugins/shared, written out or by a macro of that folder. Tables of one name add up.
"""

import os
import re
import textwrap

TYPES = {"UINT64": "uint64", "INT64": "int64", "UINT": "uint", "INT": "int", "BOOL": "boolean", "DOUBLE": "double",
         "TEXT": "string", "TEXTS": "array of strings", "COUNTS": "uint64", "LIST": "array of structures"}
WIDTH = 120

_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_TABLE = re.compile(r'TRIB_FIELD_TABLE ?\(')
_ROWS = re.compile(r"\bTribField (\w+)\[\w*\]\s*=\s*\{")
_MACRO = re.compile(r"^#define (\w+)\(([^)]*)\)((?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)
_TEXT = re.compile(r'"((?:\\.|[^"\\\n])*)"')


def without_comments(text):
    return _TOKEN.sub(lambda m: m.group(0) if m.group(0).startswith('"') else " ", text)


def _body(text, start):
    """What stands between the bracket before @start and the one that closes it."""
    depth, at = 1, start
    for match in re.compile(r'"(?:\\.|[^"\\\n])*"|[\[\](){}]').finditer(text, start):
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(match.group(0), 0)
        at = match.start()
        if depth == 0:
            break
    return text[start:at]


def _split(text):
    """Parts between the commas that are in no bracket and no string."""
    parts, depth, start = [], 0, 0
    for match in re.compile(r'"(?:\\.|[^"\\\n])*"|[\[\](){},]').finditer(text):
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(match.group(0), 0)
        if match.group(0) == "," and depth == 0:
            parts.append(text[start:match.start()].strip())
            start = match.end()
    return [p for p in parts + [text[start:].strip()] if p]


def _expand(text, macros):
    """What the preprocessor makes of rows that are written by macros with parameters."""
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    call = re.compile(r'"(?:\\.|[^"\\\n])*"|\b(%s) ?\(' % "|".join(macros)) if macros else None
    at = 0
    while call and len(text) < 1000000:
        match = call.search(text, at)
        if match is None:
            break
        at = match.end()
        if match.group(1):
            arguments = _body(text, match.end())
            parameters, body = macros[match.group(1)]
            values = dict(zip(parameters, _split(arguments)))
            made = re.sub(r'"(?:\\.|[^"\\\n])*"|\w+', lambda m: values.get(m.group(0), m.group(0)), body)
            at = match.start()  # what was made is looked at, too
            text = text[:at] + re.sub(r"\s*##\s*", "", made) + text[match.end() + len(arguments) + 1:]
    return text


def _text(argument):
    """Adjacent string literals as one text; None for NULL and all else."""
    found = _TEXT.findall(argument)
    return "".join(found).replace('\\"', '"').replace("\\\\", "\\") if found else None


class Field:
    """name, kind (as in TRIB_FIELD_<kind>), about"""

    def __init__(self, name, kind, about):
        self.name, self.kind, self.about = name, kind, about

    def covers(self, real):
        return real == self.name or (self.kind == "COUNTS" and real.startswith(self.name))

    def documented(self, real_names):
        """Names for the page: of COUNTS those that are there, or a word in capitals for them."""
        if self.kind != "COUNTS":
            return [self.name]
        return [n for n in real_names if n.startswith(self.name)] or [self.name + "REASON"]


class _Source:
    """Of a text: its macros, and the rows of its arrays."""

    def __init__(self, text):
        self.text = text
        self.macros = {name: ([p.strip() for p in parameters.split(",")], body.replace("\\\n", " "))
                       for name, parameters, body in _MACRO.findall(text)}
        self.code = _MACRO.sub("", text)
        self.rows = {m.group(1): _body(self.code, m.end()) for m in _ROWS.finditer(self.code)}


class Tables:
    """The tables of one plugin folder and of plugins/shared."""

    def __init__(self, folder):
        shared = os.path.join(os.path.dirname(folder), "shared")
        self.paths = [os.path.join(where, name) for where in (folder, shared) if os.path.isdir(where)
                      for name in sorted(os.listdir(where)) if name.endswith((".c", ".h"))]
        self.text = ""
        self.problems, self._found = [], {}  # {table: (about, fields)}
        self._sources = []
        for path in self.paths:
            with open(path, encoding="utf-8") as stream:
                self._sources.append(_Source(without_comments(stream.read()) + "\n"))
            self.text += self._sources[-1].text
        everything = _Source(self.text)
        for source in self._sources:
            for match in _TABLE.finditer(source.code):
                self._take(_split(_body(source.code, match.end())), source, everything)

    def _take(self, arguments, source, everything):
        """What is defined in the table's own file hides what other files define by the same name."""
        name = _text(arguments[0]) if len(arguments) == 3 else None
        if name is None:
            return
        rows_name = arguments[2]
        home = source if rows_name in source.rows else everything
        if home is everything and sum(rows_name in other.rows for other in self._sources) > 1:
            self.problems.append("the rows of the table %s are in several files: %s" % (name, rows_name))
        written = _split(_expand(home.rows.get(rows_name, ""), {**everything.macros, **home.macros}))
        rows = [self._row(row) for row in written]
        self.problems += ["the table %s has a row that says no name, kind and meaning: %s" % (name, text)
                          for text, row in zip(written, rows) if row is None]
        if not rows:
            self.problems.append("the rows of the table %s are not in its folder: %s" % (name, rows_name))
        about, fields = self._found.get(name, (None, []))
        known = {field.name for field in fields}
        self._found[name] = (about or _text(arguments[1]), fields + [r for r in rows if r and r.name not in known])

    @staticmethod
    def _row(row):
        row = re.sub(r"^\[\w+\] ?= ?", "", row)
        if not row.startswith("{"):
            return None
        cells = _split(_body(row, 1))
        kind = re.match(r"TRIB_FIELD_([A-Z0-9]+)$", cells[1]) if len(cells) > 3 else None
        name, about = (_text(cells[0]), _text(cells[3])) if kind else (None, None)
        return Field(name, kind.group(1), about) if name is not None and about else None

    def fields(self, table):
        return self._found.get(table, (None, []))[1]

    def about(self, table):
        return self._found.get(table, (None, []))[0]

    def has(self, table):
        return table in self._found

    def nested(self, field):
        """The table of the structures of a LIST: `sources` has structures named `source`."""
        return next((self.fields(n) for n in (field.name[:-1], field.name[:-2]) if self.has(n)), [])

    def message_item(self, message):
        listed = ", ".join("`%s` (%s: %s)" % (name, TYPES[f.kind], f.about)
                           for f in self.fields(message) for name in f.documented([]))
        return item("`%s`: %s. Fields: %s." % (message, (self.about(message) or "").rstrip("."), listed))

    def stats_message_item(self, element, table, real_names):
        names = {n: None for f in self.fields(table) for n in f.documented([])}
        names.update({n: None for n in real_names if not any(f.covers(n) for f in self.fields(table))})
        return item("`%s-stats`: what the property `stats` says, every `stats-interval-ms` from PAUSED on. Fields: %s."
                    % (element, ", ".join("`%s`" % n for n in names)))

    def stats_items(self, table, real_names):
        for field in self.fields(table):
            text = "%s (%s): %s" % (", ".join("`%s`" % n for n in field.documented(real_names)), TYPES[field.kind], field.about)
            if field.kind == "LIST" and self.nested(field):
                text += ": " + ", ".join("`%s` (%s: %s)" % (name, TYPES[f.kind], f.about)
                                         for f in self.nested(field) for name in f.documented([]))
            yield item(text)


def item(text):
    return textwrap.fill("- " + " ".join(text.split()), WIDTH, subsequent_indent="  ", break_long_words=False,
                         break_on_hyphens=False)
