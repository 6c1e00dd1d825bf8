#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An extractor in a process of its own: MJPEG from a FIFO or the standard input, an observation a frame to a Unix socket (OBS-9).

    gst-launch-1.0 v4l2src ! frameencodebin identity-comment=true ! obssink socket-type=fifo location=/tmp/vid_face.mjpg \\
      obssrc location=/tmp/obs.sock ! ndjsonenc ! fdsink
    examples/python-extractor.py --frames /tmp/vid_face.mjpg --socket /tmp/obs.sock

Which frame it looks at, each JPEG says itself, in a comment {"frame_id":N,"t_ns":N}. Analyses: `face` (python3-opencv and
opencv-data) and `quality` (python3-opencv, or python3-pil). Everything else is Python's own library.
"""

import argparse
import json
import os
import socket
import sys
import time

CASCADE = "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml"
MAX_FRAME_BYTES = 64 * 1024 * 1024
STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length: TEM, RST0 to RST7, SOI


class NotAFrame(Exception):
    pass


class Cutter:
    """Cuts a stream of bytes into JPEGs by walking the markers: an EOI inside of a segment is no end."""

    def __init__(self):
        self.data = bytearray()
        self.at = 0            # what is before has been walked over
        self.in_scan = False
        self.comments = []
        self.skipped = 0       # bytes that belong to no frame

    def push(self, chunk):
        self.data += chunk

    def _forget(self, count):
        del self.data[:count]
        self.at, self.in_scan, self.comments = 0, False, []

    def _find_begin(self):
        begin = self.data.find(b"\xff\xd8\xff")
        if begin < 0:
            begin = max(0, len(self.data) - 2)
        self.skipped += begin
        if begin:
            self._forget(begin)
        return self.data.startswith(b"\xff\xd8\xff")

    def _walk(self):
        """Length of the frame at the begin of the data; None: more is needed. NotAFrame: it is none."""
        while True:
            if self.in_scan:
                # of what a scan holds, 0xff is followed by 0 or is a marker
                at = self.data.find(b"\xff", self.at)
                if at < 0 or at + 1 >= len(self.data):
                    self.at = len(self.data) if at < 0 else at
                    return None
                marker = self.data[at + 1]
                self.at = at
                if marker == 0xFF:
                    self.at += 1
                    continue
                if marker == 0x00 or 0xD0 <= marker <= 0xD7:
                    self.at += 2
                    continue
                self.in_scan = False
            if self.at + 2 > len(self.data):
                return None
            if self.data[self.at] != 0xFF:
                raise NotAFrame
            marker = self.data[self.at + 1]
            if marker == 0xFF:  # a marker may be filled up with these
                self.at += 1
                continue
            if marker == 0xD9:
                return self.at + 2
            if marker == 0xD8 and self.at > 0:
                raise NotAFrame  # the one before was cut off
            if marker in STANDALONE:
                self.at += 2
                continue
            if self.at + 4 > len(self.data):
                return None
            length = int.from_bytes(self.data[self.at + 2:self.at + 4], "big")
            if length < 2:
                raise NotAFrame
            if self.at + 2 + length > len(self.data):
                return None
            if marker == 0xFE:
                self.comments.append(bytes(self.data[self.at + 4:self.at + 2 + length]))
            self.in_scan = marker == 0xDA
            self.at += 2 + length

    def frames(self):
        """Yields (jpeg, comments) for each whole frame that is there."""
        while self._find_begin():
            try:
                length = self._walk()
            except NotAFrame:
                self.skipped += 2
                self._forget(2)
                continue
            if length is None:
                if len(self.data) > MAX_FRAME_BYTES:
                    self.skipped += len(self.data)
                    self._forget(len(self.data))
                return
            frame, comments = bytes(self.data[:length]), self.comments
            self._forget(length)
            yield frame, comments


def identity(comments):
    """(frame_id, t_ns) out of the comments of a JPEG, or None."""
    for comment in comments:
        try:
            record = json.loads(comment)
            which = record["frame_id"], record["t_ns"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if all(type(number) is int for number in which):  # pylint: disable=unidiomatic-typecheck
            return which
    return None


# ---- analyses: bytes of a JPEG to (fields of the record) ----

def make_face():
    import cv2  # pylint: disable=import-outside-toplevel
    import numpy  # pylint: disable=import-outside-toplevel
    cascade = cv2.CascadeClassifier(CASCADE)
    if cascade.empty():
        raise ImportError(f"no {CASCADE}: install opencv-data")

    def face(jpeg):
        grey = cv2.imdecode(numpy.frombuffer(jpeg, numpy.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            return None
        found = cascade.detectMultiScale(cv2.equalizeHist(grey), 1.2, 4, minSize=(24, 24))
        return {"width": grey.shape[1], "height": grey.shape[0],
                "faces": [{"bbox": [int(n) for n in box]} for box in found]}
    return face


def make_quality():
    try:
        import cv2  # pylint: disable=import-outside-toplevel
        import numpy  # pylint: disable=import-outside-toplevel
    except ImportError:
        return make_quality_without_opencv()

    def quality(jpeg):
        grey = cv2.imdecode(numpy.frombuffer(jpeg, numpy.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            return None
        return {"width": grey.shape[1], "height": grey.shape[0], "blur": float(cv2.Laplacian(grey, cv2.CV_64F).var()),
                "brightness": float(grey.mean()), "contrast": float(grey.std())}
    return quality


def make_quality_without_opencv():
    import io  # pylint: disable=import-outside-toplevel
    from PIL import Image, ImageStat  # pylint: disable=import-outside-toplevel

    def quality(jpeg):
        try:
            grey = Image.open(io.BytesIO(jpeg)).convert("L")
        except OSError:
            return None
        stat = ImageStat.Stat(grey)
        return {"width": grey.width, "height": grey.height, "brightness": stat.mean[0], "contrast": stat.stddev[0]}
    return quality


class Answers:
    """The other side of obssrc: connects, and connects again; while nobody is there, answers are dropped and counted."""

    def __init__(self, location, datagram, msgpack):
        self.address = "\0" + location[1:] if location.startswith("@") else location
        self.kind = socket.SOCK_DGRAM if datagram else socket.SOCK_STREAM
        self.end = b"" if datagram or msgpack else b"\n"
        self.pack = msgpack or (lambda record: json.dumps(record, separators=(",", ":")).encode())
        self.socket = None
        self.sent = self.dropped = 0

    def send(self, record):
        try:
            if self.socket is None:
                new = socket.socket(socket.AF_UNIX, self.kind)
                new.connect(self.address)
                self.socket = new
            self.socket.sendall(self.pack(record) + self.end)
            self.sent += 1
        except OSError:
            self.close()
            self.dropped += 1

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None


def fields_of(analyse, jpeg):
    """What @analyse says of the frame; None: it cannot be read, for whatever reason a library has."""
    try:
        return analyse(jpeg)
    except Exception as why:  # pylint: disable=broad-except
        print(f"a frame that cannot be read: {why}".splitlines()[0], file=sys.stderr)
        return None


def read_frames(descriptor):
    """The frames that come, until whoever writes them ends."""
    cutter = Cutter()
    while chunk := os.read(descriptor, 65536):
        cutter.push(chunk)
        yield from cutter.frames()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", default="-", help="FIFO with MJPEG; - is the standard input, and the default")
    parser.add_argument("--socket", required=True, help="where obssrc listens; @ begins an abstract name")
    parser.add_argument("--datagram", action="store_true", help="for obssrc socket-type=datagram")
    parser.add_argument("--msgpack", action="store_true", help="answer in MessagePack (python3-msgpack)")
    parser.add_argument("--analysis", choices=("face", "quality"), default="face")
    parser.add_argument("--source", help="name of this source in the records; the analysis, if it is left out")
    args = parser.parse_args()
    packer = None
    try:
        analyse = {"face": make_face, "quality": make_quality}[args.analysis]()
        if args.msgpack:
            import msgpack  # pylint: disable=import-outside-toplevel
            packer = msgpack.packb
    except ImportError as why:
        parser.exit(77, f"{parser.prog}: {why}: install python3-opencv and opencv-data, or python3-pil; "
                        "for --msgpack python3-msgpack\n")
    answers = Answers(args.socket, args.datagram, packer)
    nameless = broken = 0
    try:
        descriptor = sys.stdin.fileno() if args.frames == "-" else os.open(args.frames, os.O_RDONLY)
        for jpeg, comments in read_frames(descriptor):
            which = identity(comments)
            if which is None:
                nameless += 1
                continue
            begun = time.monotonic()
            fields = fields_of(analyse, jpeg)
            if fields is None:
                broken += 1
                continue
            answers.send({"type": args.analysis, "frame_id": which[0], "t_ns": which[1], "source": args.source or args.analysis,
                          "processing_ms": (time.monotonic() - begun) * 1e3, **fields})
    except KeyboardInterrupt:
        pass
    except OSError as why:
        parser.exit(2, f"{parser.prog}: {args.frames}: {why.strerror}; start what writes the frames first\n")
    answers.close()
    print(f"{answers.sent} answers sent, {answers.dropped} with nobody there; frames without identity {nameless}, "
          f"unreadable {broken}", file=sys.stderr)


if __name__ == "__main__":
    main()
