#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kafkabinarysrc and kafkarecordsrc while Apache Kafka is away, once because it stands still and once because it was
killed: a stop, a flushing seek and Ctrl-C return, and a source that plays on resumes where it was (ARIA-5)."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import sinktest
import sourcetest
import tap
from confluent_kafka import Producer
from sinktest import FOOTAGE_FRAMES, Gst

t = tap.Tap(timeout=280)
FRAMES = FOOTAGE_FRAMES
# more than the sources read ahead, with the bound below
FRAME_BYTES = 30000
RECORDS = 3000
RECORD_BYTES = 8000
READ_AHEAD = 4 << 20
FIRST = 40  # what is read before the broker goes
TARGET = 60  # what is sought while it is away
EPOCH_MS = (int(time.time()) - 3600) * 1000
STEP_MS = 10
WAIT = 60


def returns(what, function, *arguments):
    """What hangs in GStreamer can only be left behind, and then nothing of this process can be relied on."""
    result = []
    thread = threading.Thread(target=lambda: result.append(function(*arguments)), daemon=True)
    thread.start()
    thread.join(WAIT * tap.PATIENCE)
    if thread.is_alive():
        t.ok(False, what, f"has not returned after {WAIT * tap.PATIENCE:g} s")
        t.bail_out(f"{what} hangs")
        t.kafka.close()
        os._exit(1)
    return result[0] if result else None


@contextlib.contextmanager
def away(how):
    if how == "paused":
        t.kafka.pause()
    else:
        t.kafka.sigkill()
    try:
        yield
    finally:
        if how == "paused":
            t.kafka.resume()
        else:
            t.kafka.start()


class Frames:
    """What kafkabinarysrc is to give: (bytes, time in stream, ns) of each."""
    element = "kafkabinarysrc"

    def __init__(self, read_by):
        self.properties = {"read_by": read_by}
        self.name = f"kafkabinarysrc read-by={read_by}"

    @property
    def wanted(self):
        arrived = sinktest.Arrived(t.kafka.bootstrap, "away-")
        arrived.check(range(FRAMES))
        first = arrived.linked[0]["capture_timestamp_ns"]
        return [(arrived.bytes_of(entry).value, entry["capture_timestamp_ns"] - first) for entry in arrived.linked]

    def check(self, got, wanted):
        tap.equal(len(got), len(wanted), f"{self.name}: how many")
        tap.true(got == wanted, f"{self.name}: bytes, times and order")

    def check_begun(self, got, wanted):
        self.check(got, wanted[:len(got)])


class Records:
    element = "kafkarecordsrc"
    name = "kafkarecordsrc"
    properties = {}

    @property
    def wanted(self):
        return [(record(i), i * STEP_MS * 1000000) for i in range(RECORDS)]

    def check(self, got, wanted):
        """Several partitions: in order by key."""
        tap.equal(len(got), len(wanted), f"{self.name}: how many")
        for rest in range(7):
            def of(records):
                return [one for one in records if json.loads(one[0])["n"] % 7 == rest]
            tap.true(of(got) == of(wanted), f"{self.name}: bytes, times and order of a key")

    def check_begun(self, got, wanted):
        for rest in range(7):
            def of(records):
                return [one for one in records if json.loads(one[0])["n"] % 7 == rest]
            tap.true(of(got) == of(wanted)[:len(of(got))], f"{self.name}: bytes, times and order of a key")


KINDS = (Frames("registry"), Frames("bytes"), Records())
WANTED = {}


def record(i):
    return json.dumps({"n": i, "fill": "x" * RECORD_BYTES}).encode()


def write():
    """Once."""
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, "away-", session_id="s", stream_id="cam") as run:
        run.play()
        for i in range(FRAMES):
            run.push(os.urandom(FRAME_BYTES), pts=i * 33333333)
        run.end()
        run.wait_eos()
        stats, _ = run.stop()
    tap.equal(stats["acknowledged"], FRAMES, "frames written")
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    for i in range(RECORDS):
        producer.produce("away-mps-sensor-stream", record(i), key=f"k{i % 7}", timestamp=EPOCH_MS + i * STEP_MS)
    tap.equal(producer.flush(60 * tap.PATIENCE), 0, "records left to write")
    for kind in KINDS:
        WANTED[kind] = kind.wanted


class Reading(sourcetest.Reading):
    """Without `with`: what is stopped may not stop."""

    def __init__(self, kind, until="never", **properties):
        super().__init__(kind.element, t.kafka.bootstrap, "away-", max_queued_bytes=READ_AHEAD, until=until,
                         **kind.properties, **properties)
        self.kind = kind
        self.until = until
        self.kept = []
        self.pipeline.set_state(Gst.State.PLAYING)

    def begin(self):
        """Reads the first ones, and waits for the end of the way to PLAYING."""
        self.take(FIRST)
        tap.equal(self.pipeline.get_state(int(WAIT * tap.PATIENCE) * Gst.SECOND)[0],
                  Gst.StateChangeReturn.SUCCESS, f"{self.kind.name} plays")
        return self

    def take(self, count=None):
        while (count is None or len(self.kept) < count) and (sample := self.pull_sample(120)):
            self.kept.append(sample.get_buffer())

    @property
    def got(self):
        return [(sourcetest.bytes_of(buffer), buffer.pts) for buffer in self.kept]

    def wait_down(self):
        """Takes what was read ahead meanwhile: only a reader that asks for more notices the outage."""
        def down():
            while sample := self.out.emit("try-pull-sample", 0):
                self.kept.append(sample.get_buffer())
            self.look()
            return "down" in self.links
        tap.wait_until(down, WAIT, f"{self.kind.name} to report the outage")
        # otherwise the test shows nothing: all had been read ahead
        tap.true(len(self.kept) < len(WANTED[self.kind]), f"{self.kind.name} was in the middle of reading")

    def seek_to(self, place):
        ok = returns(f"{self.kind.name}: flushing seek", self.pipeline.seek_simple, Gst.Format.TIME,
                     Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE, place)
        tap.true(ok, f"{self.kind.name}: seek")
        self.kept = []

    def stop(self):
        returns(f"{self.kind.name}: stop", self.pipeline.set_state, Gst.State.NULL)
        self.look()


class Launched:
    """gst-launch-1.0 with a source, which prints what is on its bus."""

    def __init__(self, kind, *options):
        self.what = f"gst-launch-1.0 {' '.join(options)} {kind.name}"
        self.output = tempfile.TemporaryFile("w+")
        properties = [f"{name.replace('_', '-')}={value}" for name, value in kind.properties.items()]
        self.child = subprocess.Popen(
            ["gst-launch-1.0", "-m", *options, kind.element, "bootstrap-servers=" + t.kafka.bootstrap,
             "topic-prefix=away-", "until=never", *properties, "!", "fakesink", "sync=false"],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT)

    def wait_state(self, state):
        def said():
            tap.true(self.child.poll() is None, f"{self.what} ended early: {self.text}")
            return f"state=(string){state}" in self.text
        tap.wait_until(said, WAIT, f"{self.what} to be {state}")

    @property
    def text(self):
        self.output.seek(0)
        return self.output.read()

    def interrupt(self):
        self.child.send_signal(signal.SIGINT)
        try:
            status = self.child.wait(WAIT * tap.PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.what} does not end after Ctrl-C: {self.text[-2000:]}") from None
        tap.true(status >= 0, f"{self.what}: status {status}")
        tap.true("ERROR" not in self.text and "CRITICAL" not in self.text, self.text)

    def close(self):
        self.child.kill()
        self.child.wait()
        self.output.close()


def stopped_and_sought(how):
    at_once = [Reading(kind).begin() for kind in KINDS]
    warned = [Reading(kind).begin() for kind in KINDS]
    sought = [Reading(kind).begin() for kind in KINDS]
    with away(how):
        for reading in at_once:
            reading.stop()
        # the broker is not there from the beginning, for these
        late = [Reading(kind, until) for kind in KINDS for until in ("never", "end")]
        early = [Reading(kind) for kind in KINDS]
        for reading in early:
            reading.stop()
        for reading in warned:
            reading.wait_down()
            reading.stop()
        for reading in sought:
            reading.wait_down()
            for place in (0, 2, TARGET):
                reading.seek_to(WANTED[reading.kind][place][1])
        for reading in late:
            tap.wait_until(lambda: reading.look() and "down" in reading.links, WAIT, "the outage is reported")
            reading.stop()
    for reading in sought:
        wanted = WANTED[reading.kind][TARGET:]
        reading.take(len(wanted))
        reading.kind.check(reading.got, wanted)
        tap.equal(len(reading.warnings), reading.stats["outages"], f"one warning an outage: {reading.warnings}")
        reading.stop()
    # what was let go in the middle begins as it should
    for reading in at_once + warned:
        reading.kind.check_begun(reading.got, WANTED[reading.kind])


def stayed(how):
    readings = [Reading(kind, until).begin() for kind in KINDS for until in ("never", "end")]
    with away(how):
        # not there from the beginning
        readings += [Reading(kind, until) for kind in KINDS for until in ("never", "end")]
        for reading in readings:
            reading.wait_down()
    for reading in readings:
        wanted = WANTED[reading.kind]
        reading.take(len(wanted) if reading.until == "never" else None)
        reading.kind.check(reading.got, wanted)

        def connected():
            reading.look()
            return reading.links[-1] == "connected"
        tap.wait_until(connected, WAIT, f"{reading.kind.name}: connected again: {reading.links}")
        stats = reading.stats
        tap.equal((stats["pushed"], len(reading.warnings)), (len(wanted), stats["outages"]), "pushed, warnings")
        reading.stop()


def interrupted(how):
    tap.true(shutil.which("gst-launch-1.0") is not None, "gst-launch-1.0 is not installed")
    with contextlib.ExitStack() as stack:
        def launch(*arguments):
            launched = Launched(*arguments)
            stack.callback(launched.close)
            return launched
        children = [launch(kind, *options) for kind in KINDS[1:] for options in ((), ("-e",))]
        for child in children:
            child.wait_state("connected")
        with away(how):
            children += [launch(kind) for kind in KINDS[1:]]
            for child in children:
                child.wait_state("down")
                child.interrupt()


for number, how in enumerate(("paused", "killed")):
    @t.test(f"broker {how}: stop and flushing seek return; what was sought comes whole when it is back (ARIA-5)")
    def _(how=how):
        if not WANTED:
            write()
        stopped_and_sought(how)

    @t.test(f"broker {how}: a source that plays on resumes where it was, nothing lost, nothing twice, byte-identical (ARIA-5)")
    def _(how=how):
        if not WANTED:
            write()
        stayed(how)

    @t.test(f"broker {how}: Ctrl-C of gst-launch-1.0 ends it, with and without -e (ARIA-5)")
    def _(how=how):
        if not WANTED:
            write()
        interrupted(how)


if __name__ == "__main__":
    sys.exit(sinktest.main(t, "kafka-sources-away", partitions=3))
