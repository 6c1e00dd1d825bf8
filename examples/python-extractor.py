#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An extractor in a process of its own: MJPEG from a FIFO or the standard input, an observation a frame to a Unix socket (OBS-9).

    gst-launch-1.0 v4l2src ! frameencodebin identity-comment=true ! obssink socket-type=fifo location=/tmp/vid_face.mjpg \\
      obssrc location=/tmp/obs.sock ! ndjsonenc ! fdsink
    examples/python-extractor.py --frames /tmp/vid_face.mjpg --socket /tmp/obs.sock

Which frame it looks at, each JPEG says itself, in a comment {"frame_id":N,"t_ns":N}; or a header of 20 bytes before it does, with
--framing length-header, for obssink framing=length-header. With --text it answers in the text forms of the old processes (OBS-10), for
obssrc format=text. Analyses: `face` (python3-opencv and
opencv-data) and `quality` (python3-opencv, or python3-pil). Everything else is Python's own library.
"""

import argparse
import json
import os
import socket
import struct
import sys
import time

CASCADE = "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml"
MAX_FRAME_BYTES = 64 * 1024 * 1024
HEADER = struct.Struct("<IQQ")  # length, frame id, capture time (ns)
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


class Headers:
    """Cuts a stream of bytes into JPEGs behind headers. The boundary is not found again once it is lost: NotAFrame."""

    def __init__(self):
        self.data = bytearray()

    def push(self, chunk):
        self.data += chunk

    def frames(self):
        """Yields (jpeg, (frame_id, t_ns)) for each whole frame that is there."""
        while len(self.data) >= HEADER.size:
            length, frame_id, t_ns = HEADER.unpack_from(self.data)
            if not 4 <= length <= MAX_FRAME_BYTES:
                raise NotAFrame(f"a header with a length of {length} bytes: do its frames have headers?")
            if len(self.data) < HEADER.size + length:
                return
            frame = bytes(self.data[HEADER.size:HEADER.size + length])
            if not frame.startswith(b"\xff\xd8"):
                raise NotAFrame(f"no JPEG behind the header of frame {frame_id}: do its frames have headers?")
            del self.data[:HEADER.size + length]
            yield frame, (frame_id, t_ns)


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


def text_of(record):
    """The text form of a record (OBS-10): boxes are parts of the picture, contrast is 0 to 1."""
    head = f"OBS src={record['type']} frame={record['frame_id']} t_ns={record['t_ns']}"
    if record["type"] == "face":
        size = (record["width"], record["height"]) * 2
        boxes = [[n / whole for n, whole in zip(face["bbox"], size)] for face in record["faces"]]
        words = ["f%d=id:%d,x:%.4f,y:%.4f,w:%.4f,h:%.4f" % (i, i, *box) for i, box in enumerate(boxes)]
        return " ".join([head, f"faces={len(boxes)}", *words])
    values = [("blur", record.get("blur"), 1), ("bright", record["brightness"], 1), ("contrast", record["contrast"] / 127.5, 3)]
    return head + " " + ",".join(f"{key}:{value:.{digits}f}" for key, value, digits in values if value is not None)


class Answers:
    """The other side of obssrc: connects, and connects again; while nobody is there, answers are dropped and counted."""

    def __init__(self, location, datagram, pack):
        """pack: a record to bytes, with the line feed that a line needs."""
        self.address = "\0" + location[1:] if location.startswith("@") else location
        self.kind = socket.SOCK_DGRAM if datagram else socket.SOCK_STREAM
        self.pack = pack
        self.socket = None
        self.sent = self.dropped = 0

    def send(self, record):
        try:
            if self.socket is None:
                new = socket.socket(socket.AF_UNIX, self.kind)
                new.connect(self.address)
                self.socket = new
            self.socket.sendall(self.pack(record))
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


def read_frames(descriptor, framing):
    """(jpeg, (frame_id, t_ns) or None) of each frame, until whatever writes them ends."""
    cutter = Cutter() if framing == "none" else Headers()
    while chunk := os.read(descriptor, 65536):
        cutter.push(chunk)
        for jpeg, which in cutter.frames():
            yield jpeg, identity(which) if framing == "none" else which


def packer_of(args):
    """A record to the bytes that are sent. ImportError: a module is missing."""
    if args.msgpack:
        import msgpack  # pylint: disable=import-outside-toplevel
        return msgpack.packb
    end = "" if args.datagram else "\n"
    if args.text:
        return lambda record: (text_of(record) + end).encode()
    return lambda record: (json.dumps(record, separators=(",", ":")) + end).encode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", default="-", help="FIFO with MJPEG; - is the standard input, and the default")
    parser.add_argument("--socket", required=True, help="where obssrc listens; @ begins an abstract name")
    parser.add_argument("--datagram", action="store_true", help="for obssrc socket-type=datagram")
    parser.add_argument("--framing", choices=("none", "length-header"), default="none",
                        help="what names a frame: its comment, or a header of 20 bytes before it")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--text", action="store_true", help="answer in text forms, for obssrc format=text")
    form.add_argument("--msgpack", action="store_true", help="answer in MessagePack (python3-msgpack)")
    parser.add_argument("--analysis", choices=("face", "quality"), default="face")
    parser.add_argument("--source", help="name of this source in the records; the analysis, if it is left out")
    args = parser.parse_args()
    try:
        analyse = {"face": make_face, "quality": make_quality}[args.analysis]()
        pack = packer_of(args)
    except ImportError as why:
        parser.exit(77, f"{parser.prog}: {why}: install python3-opencv and opencv-data, or python3-pil; "
                        "for --msgpack python3-msgpack\n")
    answers = Answers(args.socket, args.datagram, pack)
    nameless = broken = 0
    try:
        descriptor = sys.stdin.fileno() if args.frames == "-" else os.open(args.frames, os.O_RDONLY)
        for jpeg, which in read_frames(descriptor, args.framing):
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
    except NotAFrame as why:
        parser.exit(2, f"{parser.prog}: {args.frames}: {why}\n")
    except OSError as why:
        parser.exit(2, f"{parser.prog}: {args.frames}: {why.strerror}; start what writes the frames first\n")
    answers.close()
    print(f"{answers.sent} answers sent, {answers.dropped} with nobody there; frames without identity {nameless}, "
          f"unreadable {broken}", file=sys.stderr)


if __name__ == "__main__":
    main()
