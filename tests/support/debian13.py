# SPDX-License-Identifier: LGPL-2.1-or-later
"""The suite debian13: builds this tree in a Debian 13 of its own, and runs suites there.

The Debian is a folder, build-debian13/root, made once by mmdebstrap and kept with what was installed and built in it:
`rm -rf build-debian13` removes all of it. What runs there has its own mount and process namespaces, so that whatever way
it ends, the kernel ends its processes and takes its mounts away. Needs root, mmdebstrap, and a machine that lets root
make namespaces (a container often does not): elsewhere the suite is skipped with the reason.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HOME = os.path.join(ROOT, "build-debian13")
SUITES = ("unit", "harness", "pipelines")
RELEASE = "trixie"
# --kill-child: when unshare ends, so does all that it started; SIGTERM it ignores while it waits
NAMESPACE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "--"]
# $1: the root, $2: what to run in it
ENTER = """mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount -t tmpfs tmpfs "$1/dev/shm" || exit 125
exec chroot "$1" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TRIB_TIMEOUT_MULTIPLIER="${TRIB_TIMEOUT_MULTIPLIER:-1}" \\
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /bin/sh -c "$2"
"""
# ca-certificates is there already; an outer one of its own may be new
INSIDE = """update-ca-certificates >/dev/null 2>&1
cd /src && TRIB_ROOT=/src && . tests/support/prepare.sh && trib_prepare elements || exit 2
apt-get clean
exec /usr/bin/python3 tests/support/run.py --record /src/build/record.json %s
""" % " ".join(SUITES)


class Skip(Exception):
    """It cannot run here; the argument says why."""


class Failed(Exception):
    """(what, output)"""


def why_not():
    """Why this machine cannot, or None."""
    if os.geteuid() != 0:
        return "needs root, for a Debian 13 in a folder of its own"
    for program, package in (("mmdebstrap", "mmdebstrap"), ("unshare", "util-linux"), ("chroot", "coreutils")):
        if shutil.which(program) is None:
            return f"no {program} (Debian package: {package})"
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "proc"))
        os.makedirs(os.path.join(folder, "dev"))
        tried = subprocess.run(NAMESPACE + ["sh", "-c", ENTER.split("|| exit")[0], "sh", folder], stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        words = (tried.stderr.strip().splitlines() or ["no reason given"])[-1].replace(folder, "ROOT")
        return f"this machine does not let root mount anything in a namespace of its own ({words})"
    return None


def outer_settings(root):
    """What the network needs here, it needs there: names, certificates, apt's proxies."""
    for path in ("/etc/resolv.conf", "/etc/hosts"):
        if os.path.exists(path):
            shutil.copy(path, root + path)
    certificates = "/usr/local/share/ca-certificates"
    if os.path.isdir(certificates):
        shutil.copytree(certificates, root + certificates, dirs_exist_ok=True)
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout
    with open(root + "/etc/apt/apt.conf.d/90outer", "w", encoding="utf-8") as conf:
        conf.writelines(line + "\n" for line in dump.splitlines() if line.startswith(("Acquire::http", "Acquire::https")))


def make_root(child, root):
    """A minimal Debian; half of one, from a run that was ended, begins anew."""
    part = root + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(HOME, exist_ok=True)
    code, output = child.run(NAMESPACE + ["mmdebstrap", "--variant=apt", "--include=ca-certificates", RELEASE, part], signal.SIGKILL)
    if code != 0:
        reasons = [line for line in output.splitlines() if line.startswith("E:")] or output.splitlines()[-1:]
        raise Skip("mmdebstrap cannot make a Debian 13; is the network there? " + " ".join(reasons)[:300])
    os.rename(part, root)


def source_files():
    """What is committed or could be: a build of the outer machine has no place in there."""
    if shutil.which("git"):
        listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                cwd=ROOT, capture_output=True, check=False)
        if listed.returncode == 0 and listed.stdout:
            return [path for path in os.fsdecode(listed.stdout).split("\0")
                    if path and os.path.lexists(os.path.join(ROOT, path))]
    found = []
    for folder, dirs, names in os.walk(ROOT):
        dirs[:] = [d for d in dirs if d not in (".git", "__pycache__") and not (folder == ROOT and d.startswith("build"))]
        found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
    return found


def copy_source(root):
    """A fresh copy, with the times of the files, around the build of the last run."""
    source, fresh = os.path.join(root, "src"), os.path.join(root, "src.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for path in source_files():
        goal = os.path.join(fresh, path)
        os.makedirs(os.path.dirname(goal), exist_ok=True)
        shutil.copy2(os.path.join(ROOT, path), goal, follow_symlinks=False)
    if os.path.isdir(os.path.join(source, "build")):
        os.rename(os.path.join(source, "build"), os.path.join(fresh, "build"))
    shutil.rmtree(source, ignore_errors=True)
    os.rename(fresh, source)


def run(child):
    """child.run(argv, signal) gives (status, output) and ends the process when it is interrupted. Returns what the suites gave:
    {"passed": n, "failures": [[test, reason, output]], "skips": [[test, reason]]}. Raises Skip, Failed."""
    why = why_not()
    if why:
        raise Skip(why)
    root = os.path.join(HOME, "root")
    if not os.path.isdir(root):
        make_root(child, root)
    outer_settings(root)
    copy_source(root)
    record = os.path.join(root, "src", "build", "record.json")
    if os.path.exists(record):
        os.unlink(record)
    code, output = child.run(NAMESPACE + ["sh", "-c", ENTER, "sh", root, INSIDE], signal.SIGKILL)
    if not os.path.exists(record):
        raise Failed(f"ended with status {code} before its suites did", output)
    with open(record, encoding="utf-8") as stream:
        return json.load(stream)
