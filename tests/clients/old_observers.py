#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The observers of the old processes, as written down in OBS-10: each sends what it saw in a frame as one datagram, as text or in
the newer form as JSON. Knows nothing of this project.

    old_observers.py text|json SOCKET [--frames N]
"""

import argparse
import json
import socket
import sys

PERIOD_NS = 33_000_000


def texts(frame):
    """face, pose and quality of one frame"""
    head = f"frame={frame} t_ns={frame * PERIOD_NS}"
    yield (f"OBS src=face {head} faces=1 f0=id:0,conf:0.950,x:0.1000,y:0.1000,w:0.2000,h:0.2000,expr:0.800")
    yield f"OBS src=pose {head} poses=1 p0=id:0,conf:0.900,hr:1,hw:0"
    yield f"OBS src=quality {head} blur:712.6,bright:119.9,contrast:0.525,gate:1"


def records(frame):
    """the same as the newer ones have it"""
    signals = {"face": {"faces": 1, "expr": 0.8}, "pose": {"hand_raised": 1}, "quality": {"blur": 712.6, "brightness": 119.9}}
    for source, values in signals.items():
        yield json.dumps({"source": source, "frame_id": frame, "t_ns": frame * PERIOD_NS, "signals": values, "metadata": {}})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("form", choices=("text", "json"))
    parser.add_argument("socket")
    parser.add_argument("--frames", type=int, default=20)
    args = parser.parse_args()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(args.socket)
        for frame in range(args.frames):
            for line in (texts if args.form == "text" else records)(frame):
                sender.send(line.encode())


if __name__ == "__main__":
    sys.exit(main())
