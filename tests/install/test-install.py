#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs to a DESTDIR and uses what is there from there: plugins, tools, headers, pkg-config file."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import tap

BUILD, CLIENT, LIBDIR, PLUGIN_DIR = sys.argv[1:5]
MESON = "/usr/bin/meson" if os.access("/usr/bin/meson", os.X_OK) else "meson"
t = tap.Tap()
scratch = tempfile.TemporaryDirectory(prefix="trib-install-")
DESTDIR = os.path.join(scratch.name, "root")
# Nothing of the build folder may help: neither its plugins nor its registry.
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("GST_", "LD_LIBRARY_PATH"))}
ENVIRONMENT["GST_REGISTRY"] = os.path.join(scratch.name, "registry.bin")


def run(*command, **more):
    environment = dict(ENVIRONMENT, **more)
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          check=False, env=environment, cwd=scratch.name)


def succeed(*command, **more):
    done = run(*command, **more)
    tap.true(done.returncode == 0, f"{shlex.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def introspect(what):
    text = succeed(MESON, "introspect", what, BUILD)
    return json.loads(text[min(text.index(c) for c in "[{" if c in text):])


def staged(path):
    return DESTDIR + path


OPTIONS = {option["name"]: option["value"] for option in introspect("--buildoptions")}
PREFIX = OPTIONS["prefix"]
INSTALLED = sorted(introspect("--installed").values())
PLUGINS = [path for path in INSTALLED if os.path.dirname(path) == os.path.join(PREFIX, PLUGIN_DIR)]
TOOLS = [path for path in INSTALLED if os.path.dirname(path) == os.path.join(PREFIX, OPTIONS["bindir"])]
LIBRARY_DIR = staged(os.path.join(PREFIX, LIBDIR))
INSPECT = dict(GST_PLUGIN_PATH=staged(os.path.join(PREFIX, PLUGIN_DIR)))


def elements_of(plugin_file):
    """Names of the elements of a plugin, as gst-inspect-1.0 lists them from its file."""
    text = succeed("gst-inspect-1.0", staged(plugin_file), **INSPECT)
    names = re.findall(r"^  ([a-z0-9]+): ", text, re.MULTILINE)
    tap.true(names, f"an element in {os.path.basename(plugin_file)}:\n{text}")
    return names


@t.test("meson install puts everything under DESTDIR")
def _():
    succeed(MESON, "install", "-C", BUILD, "--no-rebuild", "--destdir", DESTDIR)
    missing = [path for path in INSTALLED if not os.path.lexists(staged(path))]
    tap.equal(missing, [], "not there")
    tap.true(PLUGINS, "a plugin is installed")


@t.test("no installed program or library looks into the build folder")
def _():
    for path in INSTALLED:
        if os.path.islink(staged(path)) or not os.path.isfile(staged(path)):
            continue
        with open(staged(path), "rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        for line in succeed("readelf", "-d", staged(path)).splitlines():
            if "RUNPATH" in line or "RPATH" in line:
                tap.true(BUILD not in line, f"{path}: {line.strip()}")


for _plugin in PLUGINS:
    @t.test(f"gst-inspect-1.0 finds {os.path.basename(_plugin)} and each of its elements from there")
    def _(plugin=_plugin):
        for name in elements_of(plugin):
            page = succeed("gst-inspect-1.0", name, **INSPECT)
            tap.true(staged(plugin) in page, f"{name} comes from {staged(plugin)}:\n{page[:2000]}")


for _tool in TOOLS:
    @t.test(f"{os.path.basename(_tool)} starts, and says what it is")
    def _(tool=_tool):
        tap.true("--" in succeed(staged(tool), "--help"), "--help lists options")
        tap.true(OPTIONS["prefix"] and succeed(staged(tool), "--version").strip(), "--version prints something")


def installed(suffix, name):
    found = [path for path in INSTALLED if os.path.basename(path) == name + suffix]
    tap.equal(len(found), 1, f"files {name}{suffix} that are installed")
    return staged(found[0])


for _tool in TOOLS:
    @t.test(f"the manual of {os.path.basename(_tool)} is one, and names every option")
    def _(tool=_tool):
        name = os.path.basename(tool)
        page = installed(".1", name)
        tap.true(page.endswith(f"/man/man1/{name}.1"), f"where man looks: {page}")
        with open(page, encoding="utf-8") as stream:
            source = stream.read().replace("\\-", "-")
        options = re.findall(r"--[a-z][a-z-]*", re.sub(r"(?m)^ {10,}.*$", "", succeed(staged(tool), "--help-all")))
        tap.equal([option for option in options if option not in source], [], "options that the manual lacks")
        version = succeed(staged(tool), "--version").split()[-1]
        tap.true(f"gst-tributary {version}" in source, f"version {version}")
        if shutil.which("man") is None:
            tap.skip("no man to look at it with (Debian package: man-db)")
        done = run("man", "-l", "--warnings", page, LC_ALL="C.UTF-8", MANWIDTH="80")
        tap.equal((done.returncode, done.stderr), (0, ""), "man -l --warnings")
        tap.true("NAME" in done.stdout and "OPTIONS" in done.stdout, done.stdout[:500])

    @t.test(f"bash completes options of {os.path.basename(_tool)} and words of their values")
    def _(tool=_tool):
        name = os.path.basename(tool)
        place = installed(".bash", name)
        tap.true("/bash-completion/completions/" in place, f"where bash-completion looks: {place}")
        typed = "source %s; COMP_WORDS=(%s %%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); %s; echo ${COMPREPLY[*]}" % (
            shlex.quote(place), name, "_" + name.replace("-", "_"))
        tap.true("--version" in succeed("bash", "-uc", typed % "--ver").split(), "an option")
        tap.equal(succeed("bash", "-uc", typed % "--version --nothing").strip(), "", "an option that is not")
        tap.true(f"complete -F _{name.replace('-', '_')} {name}" in succeed("bash", "-c", f"source {place}; complete -p"), "it is registered")
        if name == "tributary-align":
            for words in ("--mode = w", "--mode w"):
                tap.equal(succeed("bash", "-uc", typed % words).split(), ["window", "watermark"], f"words behind {words}")
            tap.true("approximate" in succeed("bash", "-uc", typed % "--mode =").split(), "all words")


@t.test("one version: the project's, the library's, of pkg-config and of each program")
def _():
    version = introspect("--projectinfo")["version"]
    said = succeed("pkg-config", "--modversion", "tributary-1.0", PKG_CONFIG_PATH=os.path.join(LIBRARY_DIR, "pkgconfig")).strip()
    tap.equal(said, version, "pkg-config")
    tap.true(os.path.exists(os.path.join(LIBRARY_DIR, f"libtributary-1.0.so.{version}")), f"libtributary-1.0.so.{version}")
    for tool in TOOLS:
        tap.equal(succeed(staged(tool), "--version").split()[-1], version, tool)
    for plugin in PLUGINS:
        tap.true(re.search(rf"Version +{re.escape(version)}\b", succeed("gst-inspect-1.0", staged(plugin), **INSPECT)), plugin)


@t.test("an application compiles with pkg-config's flags for tributary-1.0, and runs")
def _():
    folders = [os.path.join(LIBRARY_DIR, "pkgconfig")]
    flags = shlex.split(succeed("pkg-config", "--cflags", "--libs", "tributary-1.0",
                                PKG_CONFIG_PATH=":".join(folders), PKG_CONFIG_SYSROOT_DIR=DESTDIR))
    # Under a sysroot pkg-config looks for GStreamer there as well; that one is the system's.
    flags += shlex.split(succeed("pkg-config", "--cflags", "--libs", "gstreamer-1.0"))
    program = os.path.join(scratch.name, "client")
    succeed(os.environ.get("CC", "gcc"), "-Wall", "-Werror", "-o", program, CLIENT, *flags)
    tap.equal(succeed(program, LD_LIBRARY_PATH=LIBRARY_DIR), "client 214-1 7\n")


@t.test("the pkg-config file says where the plugins are")
def _():
    folder = succeed("pkg-config", "--variable=pluginsdir", "tributary-1.0",
                     PKG_CONFIG_PATH=os.path.join(LIBRARY_DIR, "pkgconfig")).strip()
    tap.equal(folder, os.path.join(PREFIX, PLUGIN_DIR), "pluginsdir")


status = t.run()
scratch.cleanup()
sys.exit(status)
