# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fields of element messages: those that the sources of a plugin give them, and those that a page describes.

Read from the text of the C files: the function that names the message, and the functions of the same folder that it hands
a GstStructure to; or from the tables of fields (field_tables.py). A name that is put together while running is not seen
here; tests/support/documented-messages.c sees it in every message that a test makes an element post.
"""

import re

import field_tables

# name and parameters at the left margin, as docs/style.md has it
_FUNCTION = re.compile(r"^(\w+) ?\(([^;{}]*?)\)\n\{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
_TYPED = re.compile(r'"([a-z][a-z0-9-]*)",\s*(?:[A-Z0-9]+_)?(?:G_TYPE_|GST_TYPE_|[A-Z]+_TYPE_)\w+')
_SET = re.compile(r'\bgst_structure_(?:set|take)_(?:value|array|list|structure)?\w* ?\(\s*\w+,\s*"([a-z][a-z0-9-]*)"')
_NAMED = re.compile(r"`([A-Za-z0-9-]+)`")
_CLAIMED = re.compile(r"`([a-z][a-z0-9-]*)` ?\(")


class Sources:
    """The C files of one plugin folder."""

    def __init__(self, folder):
        self.tables = field_tables.Tables(folder)
        self.text = self.tables.text
        self.files = []  # of each file: {function: (parameters, body)}
        for path in self.tables.paths:
            with open(path, encoding="utf-8") as stream:
                text = field_tables.without_comments(stream.read()) + "\n"
            self.files.append({name: (parameters, body) for name, parameters, body in _FUNCTION.findall(text)})

    def _find(self, callee, functions):
        """A static function of the caller's file hides those of other files."""
        for candidates in [functions] + self.files:
            if callee in candidates:
                return candidates
        return None

    def _collect(self, name, functions, seen):
        if (id(functions), name) in seen:
            return set()
        seen.add((id(functions), name))
        body = functions[name][1]
        found = set(_TYPED.findall(body)) | set(_SET.findall(body))
        for callee in re.findall(r"\b(\w+) ?\(", body):
            where = self._find(callee, functions)
            if where and "GstStructure *" in where[callee][0]:
                found |= self._collect(callee, where, seen)
        return found

    def fields(self, message):
        """Names of the fields that the sources give to @message."""
        found = {name for field in self.tables.fields(message) for name in field.documented([])}
        for functions in self.files:
            for name, (_, body) in functions.items():
                if '"%s"' % message in body:
                    found |= self._collect(name, functions, set())
        return found

    def has_literal(self, name):
        return '"%s"' % name in self.text


def item_of(part, message):
    """What a '## Messages' part says about @message, or None when it has no item of its own."""
    match = re.search(r"(?:^|\n)- (`%s`(?:(?!\n- ).)*)" % re.escape(message), part, re.DOTALL)
    return match.group(1) if match else None


def is_named(item, field):
    """A word in capitals within a documented name stands for anything: `failed-REASON`."""
    return any(re.fullmatch(re.sub("[A-Z]+", "[a-z0-9-]+", name), field) for name in _NAMED.findall(item))


def problems(element, folder, messages, part):
    """@part: the text under '## Messages' of the SECTION block."""
    found, sources = [], Sources(folder)
    for message in sorted(messages):
        if sources.tables.has(message):
            continue  # the page's item is made from the table
        item = item_of(part, message)
        if item is None:
            if "`%s`" % message in part:
                found.append("%s: message `%s` is not an item of its own under '## Messages'" % (element, message))
            continue
        found += ["%s: the item of message `%s` does not name its field `%s`" % (element, message, field)
                  for field in sorted(sources.fields(message)) if not is_named(item, field)]
        found += ["%s: the item of message `%s` names a field `%s`, which no code makes" % (element, message, field)
                  for field in _CLAIMED.findall(item) if not sources.has_literal(field)]
    return found
