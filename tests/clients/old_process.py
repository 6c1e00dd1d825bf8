#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The frames of the old processes, as written down in OBS-10: in a FIFO, each JPEG behind 20 bytes, little-endian: u32 length, u64
frame_id, u64 t_ns. Knows nothing of this project.

    old_process.py read FIFO [--frames N] > LIST        one line a frame: frame_id, t_ns, bytes, SHA-256
    old_process.py write FIFO JPEG...                   frame ids from 0 on, 1 ns apart
"""

import argparse
import hashlib
import struct
import sys

HEADER = struct.Struct("<IQQ")


def exactly(stream, size):
    """So many bytes; None: the stream has ended before the first one."""
    data = b""
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            if data:
                raise EOFError(f"the end in the middle of {size} bytes")
            return None
        data += more
    return data


def read(stream):
    """Yields (frame_id, t_ns, jpeg) to the end of the stream."""
    while (header := exactly(stream, HEADER.size)) is not None:
        length, frame_id, t_ns = HEADER.unpack(header)
        jpeg = exactly(stream, length)
        if jpeg is None:
            raise EOFError("the end behind a header")
        yield frame_id, t_ns, jpeg


def write(stream, frames):
    """frames: (frame_id, t_ns, jpeg)"""
    for frame_id, t_ns, jpeg in frames:
        stream.write(HEADER.pack(len(jpeg), frame_id, t_ns) + jpeg)
        stream.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("read", "write"))
    parser.add_argument("fifo")
    parser.add_argument("jpegs", nargs="*")
    parser.add_argument("--frames", type=int, help="read so many")
    args = parser.parse_args()
    if args.action == "read":
        with open(args.fifo, "rb") as stream:
            for count, (frame_id, t_ns, jpeg) in enumerate(read(stream), 1):
                print(frame_id, t_ns, len(jpeg), hashlib.sha256(jpeg).hexdigest(), flush=True)
                if count == args.frames:
                    break
        return
    jpegs = []
    for path in args.jpegs:
        with open(path, "rb") as stream:
            jpegs.append(stream.read())
    with open(args.fifo, "wb") as stream:
        write(stream, ((i, i, jpeg) for i, jpeg in enumerate(jpegs)))


if __name__ == "__main__":
    sys.exit(main())
