#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The identity of frames from Python: by the typelib Tributary-1.0, and by the meta's name alone.

usage: test-frame-python.py ELEMENT...

ELEMENT is one of each plugin.
"""

import subprocess
import sys

import tap

t = tap.Tap()
try:
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import GLib, Gst
except (ImportError, ValueError) as why:
    print(f"1..0 # SKIP {why} (Debian packages: python3-gi python3-gst-1.0 gir1.2-gstreamer-1.0)")
    sys.exit()
try:
    gi.require_version("Tributary", "1.0")
    from gi.repository import Tributary
except ValueError:
    Tributary = None

CAPS = "video/x-raw,format=GRAY8,width=16,height=16,framerate=1/1"
# all of a buffer but its memory is copied; copy() of 1.22's bindings makes no copy, only a reference
COPY = Gst.BufferCopyFlags.FLAGS | Gst.BufferCopyFlags.TIMESTAMPS | Gst.BufferCopyFlags.META | Gst.BufferCopyFlags.MEMORY
Gst.init(None)


def make_frame():
    if Tributary is None:
        tap.skip("this build is without the typelib (Debian packages: gobject-introspection libgirepository1.0-dev)")
    frame = Gst.Buffer.new_wrapped(bytes(256))
    frame.pts = 0
    return frame


def refused(words, *arguments):
    try:
        Tributary.buffer_set_identity(*arguments)
    except GLib.Error as error:
        tap.true(words in error.message, f"'{words}' in '{error.message}'")
        return
    tap.true(False, f"{arguments} are refused")


BY_NAME = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
assert Gst.ElementFactory.make(sys.argv[1]), sys.argv[1]
assert Gst.Buffer.new().add_custom_meta("TribFrameMeta") is not None
"""

for element in sys.argv[1:]:
    @t.test(f"the meta is known as soon as there is a {element}")
    def _():
        done = subprocess.run([sys.executable, "-c", BY_NAME, element], capture_output=True, text=True, check=False)
        tap.equal(done.returncode, 0, done.stderr)


@t.test("an identity is written and read")
def _():
    frame = make_frame()
    tap.equal(tuple(Tributary.buffer_get_identity(frame)), (False, None, None, 0, 0), "of a bare frame")
    for index, t_ns in ((7, 1722513600000000000), (2 ** 64 - 1, -5)):
        tap.true(Tributary.buffer_set_identity(frame, "my_session", "214-1", index, t_ns), "set")
        tap.equal(tuple(Tributary.buffer_get_identity(frame)), (True, "my_session", "214-1", index, t_ns), "got")


@t.test("what cannot be an identity is refused with the reason")
def _():
    frame = make_frame()
    refused("use '-'", frame, "s", "a_b", 0, 0)
    refused("session id", frame, "", "v", 0, 0)
    tap.equal(Tributary.buffer_get_identity(frame)[0], False, "none")


@t.test("frames of an application keep theirs through the elements, and a copy gets another")
def _():
    frame = make_frame()
    pipeline = Gst.parse_launch(f"appsrc name=in format=time caps={CAPS} ! frameencodebin ! appsink name=out sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    Tributary.buffer_set_identity(frame, "my_session", "214-1", 7, 8)
    tap.equal(pipeline.get_by_name("in").emit("push-buffer", frame), Gst.FlowReturn.OK, "pushed")
    picture = pipeline.get_by_name("out").emit("pull-sample").get_buffer()
    tap.equal(tuple(Tributary.buffer_get_identity(picture)), (True, "my_session", "214-1", 7, 8), "of the picture")
    copy = picture.copy_region(COPY, 0, picture.get_size())
    tap.true(Tributary.buffer_set_identity(copy, "other", "214-1", 1, 2), "set")
    tap.equal(tuple(Tributary.buffer_get_identity(copy)), (True, "other", "214-1", 1, 2), "of the copy")
    tap.equal(Tributary.buffer_get_identity(picture)[1], "my_session", "of the picture, still")
    pipeline.set_state(Gst.State.NULL)


@t.test("a frame that others hold as well is read, and not written")
def _():
    frame = make_frame()
    pipeline = Gst.parse_launch(f"appsrc name=in format=time caps={CAPS} ! framestamp session-id=s ! appsink name=out sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    pipeline.get_by_name("in").emit("push-buffer", frame)
    sample = pipeline.get_by_name("out").emit("pull-sample")
    tap.equal(Tributary.buffer_get_identity(sample.get_buffer())[:4], (True, "s", "video-0", 0), "read")
    refused("not writable", sample.get_buffer(), "s", "v", 0, 0)
    pipeline.set_state(Gst.State.NULL)


sys.exit(t.run())
