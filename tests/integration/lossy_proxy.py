# SPDX-License-Identifier: LGPL-2.1-or-later
"""A line to a Kafka broker that loses answers: every request is forwarded whole, and where the answer
to a produce request is to be lost, the connection is cut once the broker has sent it. The request has
taken effect, and the client does not know it.

    with LossyProxy(target_port) as proxy:      # clients connect to proxy.port
        proxy.lose_every = 4                    # the fourth answer, the eighth...
        ...
        proxy.lost                              # how many were
"""

import socket
import struct
import threading

from apache_kafka import free_port

PRODUCE = 0  # Kafka's number of that request


def read_exactly(source, size):
    """None at the end of the stream."""
    parts = []
    while size:
        part = source.recv(min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_frame(source):
    """A request or an answer: its bytes, without the size before them. None at the end of the stream."""
    head = read_exactly(source, 4)
    return head and read_exactly(source, struct.unpack(">i", head)[0])


def send_frame(to, frame):
    to.sendall(struct.pack(">i", len(frame)) + frame)


class _Line:
    """One connection: a thread each way."""

    def __init__(self, proxy, client, broker):
        self.proxy, self.client, self.broker = proxy, client, broker
        self.produce = set()  # correlation ids of requests that wait for their answer
        self.lock = threading.Lock()
        for run in (self._requests, self._answers):
            threading.Thread(target=self._until_cut, args=(run,), daemon=True).start()

    def _until_cut(self, run):
        try:
            run()
        except OSError:
            pass
        self.cut()

    def _requests(self):
        while (frame := read_frame(self.client)) is not None:
            api, _, correlation = struct.unpack(">hhi", frame[:8])
            if api == PRODUCE:
                with self.lock:
                    self.produce.add(correlation)
            send_frame(self.broker, frame)

    def _answers(self):
        while (frame := read_frame(self.broker)) is not None:
            correlation = struct.unpack(">i", frame[:4])[0]
            with self.lock:
                is_produce = correlation in self.produce
                self.produce.discard(correlation)
            if is_produce and self.proxy.is_lost():
                return
            send_frame(self.client, frame)

    def cut(self):
        for end in (self.client, self.broker):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


class LossyProxy:
    def __init__(self, target_port):
        self.port = free_port()
        self.lose_every = 0  # 0: none
        self.answers = 0
        self.lost = 0
        self._target = target_port
        self._lock = threading.Lock()
        self._lines = []

    def is_lost(self):
        """Counts an answer."""
        with self._lock:
            if not self.lose_every:
                return False
            self.answers += 1
            lost = self.answers % self.lose_every == 0
            self.lost += lost
            return lost

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()
        for line in self._lines:
            line.cut()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            for end in (client, broker):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._lines.append(_Line(self, client, broker))
