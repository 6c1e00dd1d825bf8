#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The man page or the completion for bash of an installed program, made from its own --help-all and its page in docs/tools.

usage: generate-tool-files.py man|completion PROGRAM PAGE.md VERSION
"""

import os
import re
import subprocess
import sys

OPTION = re.compile(r"^  (?:(-\w), )?(--[\w-]+)(?:=(\S+))? {2,}(.*)$")


def help_of(program):
    return subprocess.run([program, "--help-all"], stdout=subprocess.PIPE, text=True, check=True,
                          env=dict(os.environ, LC_ALL="C.UTF-8")).stdout


def options_of(text):
    """[(short or "", long, argument or "", meaning)] in the order of the help."""
    found = {}
    for line in text.splitlines():
        match = OPTION.match(line)
        if match:
            found.setdefault(match.group(2), tuple(part or "" for part in match.groups()))
    return list(found.values())


def roff(text):
    """Plain text and Markdown's `code` as roff; a line may not begin with a control character."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    text = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text)
    return re.sub(r"^\.", r"\\&.", text, flags=re.MULTILINE)


def page_parts(path):
    """(introduction, examples) of a page: what stands before its first indented block, and that block."""
    with open(path, encoding="utf-8") as stream:
        text = stream.read().split("\n", 1)[1]
    intro, block = re.match(r"(.*?)\n((?:    .*\n|\n(?=    ))+)", text, re.DOTALL).groups()
    return intro.strip(), [line.strip() for line in block.splitlines() if line.strip()]


def man(name, text, page, version):
    intro, examples = page_parts(page)
    about = re.split(r"[,:.;]", intro, maxsplit=1)[0]
    lines = [f'.TH {name.upper()} 1 "" "gst-tributary {version}" "gst-tributary"', ".SH NAME",
             f"{roff(name)} \\- {roff(about[0].lower() + about[1:])}", ".SH SYNOPSIS", f".B {roff(name)}", "[\\fIOPTION\\fR...] "
             + roff(re.search(r"\[OPTION.*?\] *(\[FILE\])?", text).group(1) or ""), ".SH DESCRIPTION"]
    lines += [".PP\n" + roff(part) for part in intro.split("\n\n")]
    lines += [".SH OPTIONS"]
    for short, name_of, argument, meaning in options_of(text):
        value = f"=\\fI{roff(argument)}\\fR" if argument else ""
        lines += [".TP", (f"\\fB{roff(short)}\\fR, " if short else "") + f"\\fB{roff(name_of)}\\fR{value}", roff(meaning)]
    status = re.search(r"^Exit status: (.*)$", text, re.MULTILINE)
    if status:
        lines += [".SH EXIT STATUS", roff(status.group(1))]
    lines += [".SH EXAMPLES", ".nf"] + [roff(line) for line in examples] + [".fi"]
    return "\n".join(lines) + "\n"


def completion(name, text):
    """Options; words of a value that is one of several, else files."""
    function = "_" + name.replace("-", "_")
    cases = []
    for short, long, argument, _ in options_of(text):
        if argument:
            words = argument.replace("|", " ") if re.fullmatch(r"[\w-]+(\|[\w-]+)+", argument) else None
            reply = f'COMPREPLY=($(compgen -W "{words}" -- "$word"))' if words else \
                'COMPREPLY=($(compgen -f -- "$word"))' if "FILE" in argument else "COMPREPLY=()"
            cases.append(f"    {long}{'|' + short if short else ''}) {reply}; return ;;")
    names = " ".join(sorted(long for _, long, _, _ in options_of(text)))
    return "\n".join([
        f"# completion of {name} for bash, made from its --help-all",
        f"{function}() {{",
        # --name=value is three words for readline
        '  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}',
        '  if [ "$word" = = ]; then word=; elif [ "$before" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi',
        "  case $before in", *cases, "  esac",
        '  case $word in',
        f'    -*) COMPREPLY=($(compgen -W "{names}" -- "$word")) ;;',
        '    *) COMPREPLY=($(compgen -f -- "$word")) ;;',
        "  esac", "}", f"complete -F {function} {name}"]) + "\n"


def main(kind, program, page, version):
    name = os.path.basename(program)
    text = help_of(program)
    print(man(name, text, page, version) if kind == "man" else completion(name, text), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
