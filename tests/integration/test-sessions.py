#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several sessions, written to the same topics by processes of their own; one of these ends with SIGKILL."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

import sinktest
import tap
from confluent_kafka import Consumer, KafkaException, TopicPartition

t = tap.Tap()
FRAMES = 10 * 60 * 30  # ten minutes at 30 frames/s, of each session
SECONDS = 240
ATTEMPTS = 5


def sink(bootstrap, session, frames, prefix):
    return (f"videotestsrc num-buffers={frames} pattern=ball ! video/x-raw,width=320,height=240,framerate=30/1 ! "
            f"jpegenc quality=50 ! kafkabinarysink bootstrap-servers={bootstrap} topic-prefix={prefix} "
            "drain-timeout-ms=120000 "
            f"session-id={session} stream-id=camera-0").split()


@contextlib.contextmanager
def producer(*branches):
    """gst-launch-1.0 with these branches, as its own process; gone when the block is."""
    tap.true(shutil.which("gst-launch-1.0") is not None, "gst-launch-1.0 is not installed")
    process = subprocess.Popen(["gst-launch-1.0", "-q", *[word for branch in branches for word in branch]],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def end_of(process, seconds=SECONDS):
    said = process.communicate(timeout=seconds * tap.PATIENCE)[1]
    tap.equal((process.returncode, said), (0, ""), "status and words of gst-launch-1.0")


@t.test("three sinks of three sessions in two processes, ten minutes' worth of frames: each session is proven (ARIA-1)")
def _():
    kafka, prefix = t.kafka.bootstrap, "three-"
    started = time.monotonic()
    with producer(sink(kafka, "one", FRAMES, prefix), sink(kafka, "two_2", FRAMES, prefix)) as first, \
         producer(sink(kafka, "three-3", FRAMES, prefix)) as second:
        end_of(first)
        end_of(second)
    seconds = time.monotonic() - started
    for session in ("one", "two_2", "three-3"):
        verdict = sinktest.check_verifier(kafka, "--topic-prefix", prefix, "--session", session)
        tap.equal((verdict["verdict"], verdict["proven"]), ("clean", FRAMES), f"the verdict on {session}")
    verdict = sinktest.check_verifier(kafka, "--topic-prefix", prefix)
    tap.equal((verdict["verdict"], verdict["proven"]), ("clean", 3 * FRAMES), "the verdict on all")
    t.diag(f"{3 * FRAMES} frames in {seconds:.1f} s")


def entries(bootstrap, prefix):
    """Records of the registry so far."""
    client = Consumer({"bootstrap.servers": bootstrap, "group.id": "count", "log_level": 0})
    try:
        return sum(client.get_watermark_offsets(TopicPartition(prefix + sinktest.REGISTRY, partition), 30)[1]
                   for partition in range(t.partitions))
    except KafkaException:
        return 0  # the topic is being made
    finally:
        client.close()


def orphans_of(bootstrap, prefix, session):
    """What no entry names: keys of bytes and of metadata without an entry, read without gst-tributary."""
    named = {record.key for record in sinktest.read_topic(bootstrap, prefix + sinktest.REGISTRY)}
    return [sorted({record.key for record in sinktest.read_topic(bootstrap, prefix + topic)
                    if record.key.startswith(session + "_")} - named) for topic in (sinktest.BINARY, sinktest.METADATA)]


def connections():
    """Of TCP, as the kernel lists them: port here, port there, bytes not yet read here, inode."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError), open(table, encoding="ascii") as file:
            for _, here, there, _, queues, _, _, _, _, inode, *_ in map(str.split, file.readlines()[1:]):
                yield int(here[-4:], 16), int(there[-4:], 16), int(queues.split(":")[1], 16), inode


def unread_from(process, port):
    """Bytes that `process` sent to the servers at `port`, and that they have not read."""
    descriptors = f"/proc/{process.pid}/fd"
    sockets = set()
    for name in os.listdir(descriptors):
        with contextlib.suppress(FileNotFoundError):
            sockets.add(os.readlink(f"{descriptors}/{name}"))
    listed = list(connections())
    senders = {here for here, there, _, inode in listed if there == port and f"socket:[{inode}]" in sockets}
    return sum(unread for here, there, unread, _ in listed if here == port and there in senders)


def kill_in_the_middle(kafka, prefix):
    """A producer that is killed beside one that is not; returns the orphans of each kind.

    What makes an orphan is an end between the answer for a frame's bytes and its entry. The broker is held while both
    send, so that there are always some: what lies before it is read when it goes on, and no client is there to be answered.
    """
    port = int(kafka.rsplit(":", 1)[1])
    with producer(sink(kafka, "stays", 3000, prefix)) as stays, producer(sink(kafka, "dies", FRAMES, prefix)) as dies:
        tap.wait_until(lambda: entries(kafka, prefix) > 500, 60, "entries")
        t.kafka.pause()
        try:
            tap.wait_until(lambda: unread_from(dies, port) > 0, 60, "requests that have not been read")
            dies.send_signal(signal.SIGKILL)
            dies.wait()
        finally:
            t.kafka.resume()
        tap.equal(dies.returncode, -signal.SIGKILL, "the producer's end")
        end_of(stays)
    return orphans_of(kafka, prefix, "dies")


@t.test("SIGKILL of one producer: the verifier names its orphans, each of them, and the other session is clean")
def _():
    kafka = t.kafka.bootstrap
    for attempt in range(ATTEMPTS):
        prefix = f"killed-{attempt}-"
        for topic in sinktest.TOPICS[:3]:
            t.kafka.create_topic(prefix + topic, t.partitions)
        bytes_left, metadata_left = kill_in_the_middle(kafka, prefix)
        if bytes_left and metadata_left:
            break
    else:
        raise AssertionError(f"{ATTEMPTS} producers were killed and none left an orphan")
    most = str(len(bytes_left) + len(metadata_left))
    verdict = sinktest.check_verifier(kafka, "--topic-prefix", prefix, "--session", "dies", "--max-findings", most, status=1)
    found = {kind: sorted(finding["frame_id"] for finding in verdict["findings"][kind]["listed"])
             for kind in ("orphan-bytes", "orphan-metadata")}
    t.diag(f"killed after {verdict['entries']} entries; orphans: {len(bytes_left)} of bytes, "
           f"{len(metadata_left)} of metadata")
    tap.equal(found["orphan-bytes"], bytes_left, "frames whose bytes have no entry")
    tap.equal(found["orphan-metadata"], metadata_left, "frames whose metadata have no entry")
    tap.equal(verdict["proven"], verdict["entries"], "its entries are proven all the same")
    verdict = sinktest.check_verifier(kafka, "--topic-prefix", prefix, "--session", "stays")
    tap.equal((verdict["verdict"], verdict["proven"]), ("clean", 3000), "the verdict on the session beside it")


if __name__ == "__main__":
    t.partitions = 3
    sys.exit(sinktest.main(t, "sessions", partitions=t.partitions))
