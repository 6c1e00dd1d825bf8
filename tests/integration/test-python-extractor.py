#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A process that gets frames through a FIFO and answers observations at a socket, and processes that misbehave there (OBS-9)."""

import io
import importlib.util
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile

import sinktest
import tap

sys.dont_write_bytecode = True
t = tap.Tap()
started = []  # pipelines; one that a failed test leaves behind is ended at the end
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
EXTRACTOR = os.path.join(ROOT, "examples", "python-extractor.py")


def example():
    spec = importlib.util.spec_from_file_location("python_extractor", EXTRACTOR)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def launch(line):
    process = subprocess.Popen(["gst-launch-1.0", "-q", "-e"] + line.split(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    started.append(process)
    return process


def end(process):
    """Ctrl-C, and what it said."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=60 * tap.PATIENCE)


def extractor(folder, *options):
    return subprocess.Popen([sys.executable, EXTRACTOR, "--frames", f"{folder}/frames", "--socket", f"{folder}/obs.sock",
                             *options], stderr=subprocess.PIPE, text=True)


def jpegs(count, comment=True):
    """MJPEG of a test picture."""
    line = (f"videotestsrc num-buffers={count} ! video/x-raw,width=160,height=120,framerate=30/1 ! "
            f"frameencodebin identity-comment={str(comment).lower()} ! fdsink")
    return subprocess.run(["gst-launch-1.0", "-q"] + line.split(), stdout=subprocess.PIPE, check=True,
                          timeout=60 * tap.PATIENCE).stdout


@t.test("frames are cut and named, whatever the pieces, and whatever is between them (OBS-9)")
def _():
    module, stream = example(), jpegs(5)
    for piece in (1, 7, 1000, len(stream)):
        cutter, got = module.Cutter(), []
        for at in range(0, len(stream), piece):
            cutter.push(stream[at:at + piece])
            got += cutter.frames()
        tap.equal(b"".join(frame for frame, _ in got), stream, f"frames in pieces of {piece}")
        tap.equal([module.identity(comments)[0] for _, comments in got], [0, 1, 2, 3, 4], "numbers")
    cutter = module.Cutter()
    half = len(stream) // 7
    cutter.push(b"garbage\xff" + stream[:half] + stream + b"\xff\xd8\xff\xe0\x00\x00" + stream)
    got = list(cutter.frames())
    tap.equal([module.identity(comments)[0] for _, comments in got], [0, 1, 2, 3, 4] * 2, "numbers behind half a frame")


@t.test("Pillow and OpenCV see the picture, not the comment (OBS-9)")
def _():
    try:
        import cv2  # pylint: disable=import-outside-toplevel
        import numpy  # pylint: disable=import-outside-toplevel
        from PIL import Image  # pylint: disable=import-outside-toplevel
    except ImportError as why:
        tap.skip(f"{why}: install python3-opencv and python3-pil")
    named, plain = jpegs(1), jpegs(1, comment=False)
    tap.true(b'{"frame_id":0,"t_ns":' in named and b"frame_id" not in plain, "the comment is there when asked for")
    tap.equal(Image.open(io.BytesIO(named)).tobytes(), Image.open(io.BytesIO(plain)).tobytes(), "Pillow's pixels")
    one, two = (cv2.imdecode(numpy.frombuffer(x, numpy.uint8), cv2.IMREAD_COLOR) for x in (named, plain))
    tap.true((one == two).all(), "OpenCV's pixels")
    tap.equal(json.loads(Image.open(io.BytesIO(named)).info["comment"])["frame_id"], 0, "Pillow's comment")


def need_analysis(*options):
    probe = subprocess.run([sys.executable, EXTRACTOR, "--socket", "/nonexistent/socket", *options], stdin=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True, check=False)
    if probe.returncode == 77:
        tap.skip(probe.stderr.strip())


def run_footage(analysis, kind, *options, source="", sink=""):
    footage = sinktest.footage()
    need_analysis("--analysis", analysis, *options)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = launch(
            f"obssrc location={folder}/obs.sock socket-type={kind} {source} num-buffers=20 ! ndjsonenc ! fdsink filesrc location={footage} ! "
            "decodebin ! videorate ! video/x-raw,framerate=10/1 ! identity sync=true ! videoscale ! video/x-raw,width=384,height=288 ! "
            f"frameencodebin identity-comment=true ! obssink location={folder}/frames socket-type=fifo {sink}")
        tap.wait_until(lambda: os.path.exists(f"{folder}/frames") and os.path.exists(f"{folder}/obs.sock"), what="both places")
        process = extractor(folder, "--analysis", analysis, *options)
        lines = [pipeline.stdout.readline() for _ in range(20)]
        end(pipeline)
        said = process.communicate(timeout=60 * tap.PATIENCE)[1]
        tap.equal(process.returncode, 0, f"the extractor's status ({said})")
        got = records("".join(lines))
        tap.true(all(r.get("type") == r["source"] == analysis for r in got), f"the source of {got[0]}")
        if "--text" not in options:
            tap.true(all(r["processing_ms"] >= 0 and r["width"] == 384 and r["height"] == 288 for r in got), f"the fields of {got[0]}")
        ids = [r["frame_id"] for r in got]
        tap.equal(ids, sorted(set(ids)), "frame ids, each once, in order")
        tap.equal(sorted({r["t_ns"] for r in got}), [r["t_ns"] for r in got], "capture times, in order")
        tap.equal(os.listdir(folder), [], "what is left behind")
        return got


@t.test("real footage through a FIFO, faces looked for, answers through a stream (OBS-1, OBS-9)")
def _():
    got = run_footage("face", "stream")
    tap.true(all(isinstance(r["faces"], list) for r in got), "lists of faces")


@t.test("real footage through a FIFO, answers as datagrams (OBS-1, OBS-9)")
def _():
    got = run_footage("quality", "datagram", "--datagram")
    tap.true(all(0 < r["brightness"] < 255 and r["contrast"] > 0 for r in got), "brightness and contrast")


@t.test("the same in MessagePack (OBS-9)")
def _():
    run_footage("quality", "stream", "--msgpack")


@t.test("frames behind headers, answers in text forms: as the old processes (OBS-10)")
def _():
    forms = {"source": "format=text", "sink": "framing=length-header"}
    got = run_footage("quality", "datagram", "--datagram", "--text", "--framing", "length-header", **forms)
    tap.true(all(0 < r["brightness"] < 255 and 0 < r["contrast"] < 1 for r in got), "brightness and contrast")
    got = run_footage("face", "stream", "--text", "--framing", "length-header", **forms)
    tap.true(all(isinstance(r["faces"], list) for r in got), "lists of faces")


@t.test("text forms of the extractor: boxes are parts of the picture (OBS-10)")
def _():
    record = {"type": "face", "frame_id": 7, "t_ns": -5, "width": 200, "height": 100, "faces": [{"bbox": [20, 10, 50, 50]}] * 2}
    box = "x:0.1000,y:0.1000,w:0.2500,h:0.5000"
    tap.equal(example().text_of(record), f"OBS src=face frame=7 t_ns=-5 faces=2 f0=id:0,{box} f1=id:1,{box}", "faces")
    tap.equal(example().text_of({"type": "quality", "frame_id": 7, "t_ns": 5, "brightness": 119.94, "contrast": 51}),
              "OBS src=quality frame=7 t_ns=5 bright:119.9,contrast:0.400", "quality without blur")


@t.test("headers that lost their boundary are named in one line, with status 2 (OBS-10)")
def _():
    need_analysis("--analysis", "quality")
    for data in (jpegs(1), struct.pack("<IQQ", 4, 1, 1) + b"....", struct.pack("<IQQ", 0, 1, 1)):
        done = subprocess.run([sys.executable, EXTRACTOR, "--socket", "@none", "--analysis", "quality", "--framing", "length-header"],
                              input=data, stderr=subprocess.PIPE, check=False, timeout=60 * tap.PATIENCE)
        said = done.stderr.decode()
        tap.true(done.returncode == 2 and "do its frames have headers?" in said and len(said.splitlines()) == 1, f"what it said: {said}")


@t.test("Ctrl-C ends an extractor that waits, cleanly")
def _():
    need_analysis("--analysis", "quality")
    with tempfile.TemporaryDirectory() as folder:
        os.mkfifo(f"{folder}/frames")
        process = extractor(folder, "--analysis", "quality")
        writer = os.open(f"{folder}/frames", os.O_WRONLY)  # waits for the extractor
        os.write(writer, jpegs(1))
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60 * tap.PATIENCE)[1]
        os.close(writer)
        tap.equal(process.returncode, 0, "status")
        tap.true("answers sent" in said and "Traceback" not in said, f"what it said: {said}")


@t.test("pictures and comments that no library bears, or that say nothing: they are counted, the next one is answered (OBS-9)")
def _():
    need_analysis("--analysis", "quality")
    module, good = example(), jpegs(1)
    for comment in (b"", b"null", b"[1]", b"7", b'{"frame_id":1e999,"t_ns":0}', b'{"frame_id":NaN,"t_ns":0}', b'{"frame_id":true,"t_ns":0}',
                    b'{"frame_id":"7","t_ns":0}', b'{"frame_id":{},"t_ns":0}', b'{"frame_id":1.5,"t_ns":0}', b"[" * 60000, b"\xff\xfe"):
        tap.equal(module.identity([comment]), None, f"identity of {comment[:40]}")
        tap.equal(module.identity([comment, b'{"frame_id":7,"t_ns":-1}']), (7, -1), f"identity behind {comment[:40]}")
    at = good.index(b"\xff\xc0")
    huge = good[:at + 5] + b"\xff\xfa\xff\xfa" + good[at + 9:]
    nothing = good[:at + 5] + b"\0\0\0\0" + good[at + 9:]
    done = subprocess.run([sys.executable, EXTRACTOR, "--socket", "/nonexistent/socket", "--analysis", "quality"],
                          input=huge + nothing + jpegs(1, comment=False) + good, stderr=subprocess.PIPE, check=False,
                          timeout=60 * tap.PATIENCE)
    said = done.stderr.decode()
    tap.equal(done.returncode, 0, f"status ({said})")
    tap.true("1 with nobody there; frames without identity 1, unreadable 2" in said and "Traceback" not in said, f"what it said: {said}")


@t.test("frames that are not there are named in one line, with status 2")
def _():
    need_analysis("--analysis", "quality")
    with tempfile.TemporaryDirectory() as folder:
        for path in (f"{folder}/nothing", folder):
            done = subprocess.run([sys.executable, EXTRACTOR, "--frames", path, "--socket", "@none", "--analysis", "quality"],
                                  stderr=subprocess.PIPE, text=True, check=False, timeout=60 * tap.PATIENCE)
            tap.equal(done.returncode, 2, f"status ({done.stderr})")
            tap.true(path in done.stderr and len(done.stderr.splitlines()) == 1, f"what it said: {done.stderr}")


@t.test("processes that talk garbage, die while they write, or do not read: the pipeline goes on, all is counted (OBS-9)")
def _():
    with tempfile.TemporaryDirectory() as folder:
        path, out, log = f"{folder}/obs.sock", f"{folder}/out", f"{folder}/log"
        with open(log, "w", encoding="utf-8") as stream:
            pipeline = subprocess.Popen(["gst-launch-1.0", "-m", "-e", "--no-position"] + (
                f"obssrc location={path} record-timeout-ms=60000 max-clients=20 ! ndjsonenc ! "
                f"filesink location={out} buffer-mode=unbuffered "
                "videotestsrc is-live=true ! video/x-raw,width=640,height=480,framerate=30/1 ! frameencodebin identity-comment=true ! "
                f"obssink location={folder}/frames socket-type=fifo").split(), stdout=stream, stderr=stream)
        started.append(pipeline)
        tap.wait_until(lambda: os.path.exists(f"{folder}/frames") and os.path.exists(path), what="both places")

        def text_of(name):
            with open(name, encoding="utf-8") as text:
                return text.read()

        def run(code):
            process = subprocess.Popen([sys.executable, "-c", code, path, f"{folder}/frames"])
            process.wait(60 * tap.PATIENCE)

        connect = "import os, signal, socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
        with socket.socket(socket.AF_UNIX) as good:
            tap.wait_until(lambda: good.connect_ex(path) == 0, what="the socket to listen")
            for n in range(30):
                good.sendall(b'{"type":"good","frame_id":%d,' % (2 * n))
                if n % 3 == 0:
                    run(connect + "try:\n  for _ in range(1000): s.sendall(os.urandom(10000))\nexcept OSError: pass")
                elif n % 3 == 1:
                    run(connect + "s.sendall(b'\\x83\\xa4type\\xa4fa')\nos.kill(os.getpid(), signal.SIGKILL)")
                else:
                    # reads half a frame and dies
                    run("import os, signal, sys\nf = open(sys.argv[2], 'rb')\nf.read(3000)\nos.kill(os.getpid(), signal.SIGKILL)")
                good.sendall(b'"t_ns":0}\n{"type":"good","frame_id":%d,"t_ns":0}\n' % (2 * n + 1))
            tap.wait_until(lambda: text_of(out).count('"type":"good"') == 60, what="all that was good")
        # a reader that comes after all that has whole frames
        module = example()
        cutter, got = module.Cutter(), []
        with open(f"{folder}/frames", "rb", buffering=0) as stream:
            while len(got) < 5:
                cutter.push(stream.read(65536))
                got += cutter.frames()
        tap.equal(cutter.skipped, 0, "bytes before the first frame")
        tap.true(all(module.identity(comments) for _, comments in got), "frames that say which they are")
        tap.equal(pipeline.poll(), None, "the pipeline's status while it plays")
        pipeline.send_signal(signal.SIGINT)
        tap.equal(pipeline.wait(60 * tap.PATIENCE), 0, "the pipeline's status")
        text = text_of(log)
        good = [r["frame_id"] for r in records(text_of(out)) if r["type"] == "good"]
        tap.equal(good, list(range(60)), "good records")
        for message in ("obssrc-refused", "obssrc-senders", "obssink-receivers", "obssink-dropped"):
            tap.true(message in text, f"{message} was posted")
        tap.equal(sorted(os.listdir(folder)), ["log", "out"], "what is left behind")


status = t.run()
for left in started:
    left.kill()
sys.exit(status)
