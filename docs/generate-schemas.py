#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes docs/schemas: JSON Schemas of the records, out of the tables of docs/records.md, and of the values in Kafka, out of the tables
that read them (gst/kafka/layout/trib-kafka-values.c).

usage: generate-schemas.py [--check] [--root FOLDER]
"""

import argparse
import json
import os
import re
import sys

DIALECT = "https://json-schema.org/draft/2020-12/schema"
UNSIGNED = {"type": "integer", "minimum": 0, "maximum": 2**64 - 1}
SIGNED = {"type": "integer", "minimum": -2**63, "maximum": 2**63 - 1}
TEXT = {"type": "string", "maxLength": 255}
# the words of docs/records.md; a list that is not said to be of something may hold anything
VALUES = {
    "a text": TEXT,
    "an integer": SIGNED,
    "a non-negative integer": UNSIGNED,
    "a number": {"type": "number"},
    "a boolean": {"type": "boolean"},
    "a list of texts": {"type": "array", "items": TEXT, "maxItems": 64},
    "a list of non-negative integers": {"type": "array", "items": UNSIGNED},
    "a map": {"type": "object"},
    "a list": {"type": "array"},
}
KAFKA = {
    "STRING": {"type": "string"},
    "U64": UNSIGNED,
    "I64": SIGNED,
    "U32": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    "PARTITION": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**31 - 1},
    "OFFSET": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**63 - 1},
    "RATIO": {"type": ["number", "null"], "minimum": 0},
    "TIME": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"},
    "CLOCK": {"type": ["integer", "null"], "minimum": -2**63, "maximum": 2**63 - 1},
    "BOOLEAN": {"type": "boolean"},
    "STATUS": {"enum": ["LINKED", "FAILED"]},
    "SHAPE": {"type": "array", "items": UNSIGNED, "maxItems": 4},
}


def nullable(value):
    """A field that is null counts as absent."""
    return {"anyOf": [value, {"type": "null"}]}


def present(name):
    """The field is there, and neither null nor an empty text, which count as absent."""
    return {"required": [name], "properties": {name: {"not": {"enum": [None, ""]}}}}


def record_kind(title, text):
    """(definition, condition): the schema of a kind, and what makes a record one of it."""
    head, about = re.match(r"(.*?)\. (.*)", text.strip().split("\n\n")[0], re.DOTALL).groups()
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    properties, groups, must = {}, set(), []
    for name, value, there, meaning in rows:
        properties[name] = dict(nullable(VALUES[value]), description=meaning)
        if there == "must":
            must.append(name)
        elif there != "may":
            groups.add(tuple(re.findall(r"`(\w+)`", there)))
    definition = {"title": title, "description": " ".join(about.split()), "type": "object", "properties": properties}
    rules = [present(name) for name in must] + [{"anyOf": [present(name) for name in group]} for group in sorted(groups)]
    if rules:
        definition["allOf"] = rules
    word = re.fullmatch(r"`(\w+)` is `(\w+)`", head)
    return definition, word.groups() if word else None


def records_schema(root):
    """One definition a kind; a record is held to that of its own: record_type, else some values of type, else kind, else an observation."""
    with open(os.path.join(root, "docs", "records.md"), encoding="utf-8") as stream:
        parts = re.split(r"^## (.*)\n", stream.read().split("<!-- from here on made from")[1], flags=re.MULTILINE)
    definitions, by = {}, {"record_type": {}, "type": {}, "kind": {}}
    clock = None
    for title, text in zip(parts[1::2], parts[2::2]):
        definition, word = record_kind(title, text)
        name = word[1] if word else "clock"
        definitions[name] = definition
        if word:
            by[word[0]][word[1]] = {"$ref": f"#/$defs/{name}"}
        else:
            clock = {"$ref": f"#/$defs/{name}"}

    def choose(member, kinds, otherwise):
        rule = otherwise
        for word, kind in reversed(kinds.items()):
            rule = {"if": {"required": [member], "properties": {member: {"const": word}}}, "then": kind, "else": rule}
        return rule
    others = dict(by["kind"])
    observation = others.pop("obs")
    plain = {"if": {"allOf": [present("now_ns"), {"not": present("type")}, {"not": present("source")}]}, "then": clock,
             "else": choose("kind", others, observation)}
    return {"$schema": DIALECT, "title": "A record of gst-tributary", "type": "object",
            **choose("record_type", by["record_type"], choose("type", by["type"], plain)), "$defs": definitions}


def kafka_schema(root, table, title):
    folder = os.path.join(root, "gst", "kafka", "layout")
    with open(os.path.join(folder, "trib-kafka-values.c"), encoding="utf-8") as stream:
        source = stream.read()
    with open(os.path.join(folder, "trib-kafka-names.h"), encoding="utf-8") as stream:
        names = dict(re.findall(r'#define (TRIB_KAFKA_JSON_\w+)\s+"([^"]+)"', stream.read()))
    numbers = dict(re.findall(r"#define (MAX_\w+) (\d+)$", source, re.MULTILINE))
    body = re.search(rf"TribKafkaField {table}\[\] = \{{(.*?)\n\}};", source, re.DOTALL).group(1)
    schema = {"$schema": DIALECT, "title": title, "type": "object", "properties": {}, "required": []}
    for row in re.findall(r"FIELD \((.*)\),$", body, re.MULTILINE):
        name, kind, _, optional, most = (row.split(", ") + ["FALSE", ""])[:5]
        target, member = schema, names[re.search(r"TRIB_KAFKA_JSON_\w+", name).group(0)]
        if name.startswith("NESTED"):
            outer = names["TRIB_KAFKA_JSON_COMPRESSION"]
            target = schema["properties"].setdefault(outer, {"type": "object", "properties": {}, "required": []})
            if outer not in schema["required"]:
                schema["required"].append(outer)
        value = dict(KAFKA[kind], **({"maximum": int(numbers[most])} if most in numbers else {}))
        target["properties"][member] = nullable(value) if optional == "TRUE" else value
        if optional != "TRUE":
            target["required"].append(member)
    return schema


def schemas(root):
    """{path below @root: text}"""
    made = {
        "records": records_schema(root),
        "kafka-metadata": kafka_schema(root, "metadata_fields", "The metadata of a frame, a value of the topic vrs-metadata-stream"),
        "kafka-registry": kafka_schema(root, "registry_fields", "A registry entry, a value of the topic vrs-frame-registry"),
    }
    return {f"docs/schemas/{name}.schema.json": json.dumps(schema, indent=1) + "\n" for name, schema in made.items()}


def stale(root):
    """Paths whose file is not what would be written now."""
    old = []
    for path, text in schemas(root).items():
        try:
            with open(os.path.join(root, path), encoding="utf-8") as stream:
                there = stream.read()
        except FileNotFoundError:
            there = None
        if there != text:
            old.append(path)
    return old


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if something would change")
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    args = parser.parse_args()
    old = stale(args.root)
    for path in old:
        if args.check:
            print(f"{path} is not current: run docs/generate-schemas.py")
            continue
        full = os.path.join(args.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as stream:
            stream.write(schemas(args.root)[path])
    return 1 if args.check and old else 0


if __name__ == "__main__":
    sys.exit(main())
