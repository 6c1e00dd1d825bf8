#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile processes at a socket, and a good one beside them: all of its records come, and memory stays bounded (OBS-9).

The pipeline takes 2 ms a record, so that senders without a pause fill every queue. The delay of the good process's records and
the memory are printed."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import tap

t = tap.Tap()
N_GOOD = 50
RECORD = '{"type":"%s","frame_id":%d,"t_ns":0}\n'
# each sends until its connection is closed, and connects again; argument: location, socket type
ATTACKS = {
    "one flood of valid records": (1, "while True: s.send(RECORD * (1 if datagram else 500))"),
    "eight floods of valid records": (8, "while True: s.send(RECORD * (1 if datagram else 500))"),
    "lists of nothing": (4, "while True: s.send(b'[' + RECORD.strip() + b',0' * (20000 if datagram else 300000) + b']\\n')"),
    "many short connections": (4, "s.send(RECORD * 20); s.close()"),
}
FLOOD = """
import socket, sys, time
RECORD = b'{"type":"flood","frame_id":1,"t_ns":0}\\n'
datagram = sys.argv[2] == "datagram"
while True:
    try:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if datagram else socket.SOCK_STREAM)
        s.connect(sys.argv[1])
        ATTACK
    except OSError:
        time.sleep(0.001)
"""


def memory_kib(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))


class Reader(threading.Thread):
    """When each good record came out."""

    def __init__(self, stream):
        super().__init__(daemon=True)
        self.stream, self.good, self.others = stream, {}, 0

    def run(self):
        for line in self.stream:
            record = json.loads(line)
            if record["type"] == "good":
                self.good[record["frame_id"]] = time.monotonic()
            else:
                self.others += 1


def attack(name, kind):
    count, code = ATTACKS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/obs.sock"
        pipeline = subprocess.Popen(
            ["gst-launch-1.0", "-q", "-e"] + f"obssrc location={path} socket-type={kind} max-bytes=4000000 ! "
            "identity sleep-time=2000 ! ndjsonenc ! fdsink".split(), stdout=subprocess.PIPE)
        hostile = []
        try:
            tap.wait_until(lambda: os.path.exists(path), what="the socket")
            reader = Reader(pipeline.stdout)
            reader.start()
            before = memory_kib(pipeline.pid, "VmRSS")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM) as good:
                good.connect(path)
                for _ in range(count):
                    hostile.append(subprocess.Popen([sys.executable, "-c", FLOOD.replace("ATTACK", code), path, kind]))
                tap.wait_until(lambda: reader.others >= 500, what="what the hostile ones send")
                sent = {}
                for n in range(N_GOOD):
                    sent[n] = time.monotonic()
                    good.sendall((RECORD % ("good", n)).encode())
                    tap.wait_until(lambda n=n: n in reader.good, what=f"record {n} of the good process")
            delays = sorted(reader.good[n] - sent[n] for n in range(N_GOOD))
            more = memory_kib(pipeline.pid, "VmHWM") - before
            t.diag(f"{name}, {kind}: {reader.others} others came; delay of the good process's records: "
                   f"median {1000 * delays[N_GOOD // 2]:.0f} ms, longest {1000 * delays[-1]:.0f} ms; memory +{more} KiB")
            # the queue, one read of each, what is incomplete, and what the allocator keeps
            tap.true(more < 64 * 1024, f"memory grew by {more} KiB")
            tap.equal(list(reader.good), list(range(N_GOOD)), "good records")
        finally:
            for process in hostile:
                process.kill()
                process.wait()
            pipeline.send_signal(signal.SIGINT)
            try:
                pipeline.wait(10 * tap.PATIENCE)
            finally:
                pipeline.kill()


for a in ATTACKS:
    for k in ("stream", "datagram"):
        if not (k == "datagram" and "connections" in a):
            t.test(f"{a}, {k} (OBS-9)")(lambda a=a, k=k: attack(a, k))

sys.exit(t.run())
