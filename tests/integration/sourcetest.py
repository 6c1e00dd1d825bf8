# SPDX-License-Identifier: LGPL-2.1-or-later
"""For the tests of kafkabinarysrc and kafkarecordsrc: a pipeline in this process that reads, whose books are checked at
every look."""

import time

import sinktest
import tap
from apache_kafka import TIMEOUT_MULTIPLIER
from sinktest import Gst

CLOSING = {
    "kafkabinarysrc": ("pushed", "failed", "filtered", "implausible", "before", "duplicates", "late", "expired", "damaged", "malformed",
                       "unusable", "skipped", "flushed", "pending"),
    "kafkarecordsrc": ("pushed", "before", "unusable", "damaged", "flushed", "pending"),
}
APPSINK = "appsink name=out sync=false max-buffers=50"


def bytes_of(buffer):
    return buffer.extract_dup(0, buffer.get_size())


class Reading:
    """A source named src, what it gave and what it said; it plays inside `with`. rest: what follows the source, with an
    element named out."""

    def __init__(self, element, bootstrap, prefix, rest=APPSINK, **properties):
        text = " ".join(f"{name.replace('_', '-')}={value}" for name, value in properties.items())
        self.closing = CLOSING[element]
        self.pipeline = Gst.parse_launch(f"{element} name=src bootstrap-servers={bootstrap} topic-prefix={prefix} "
                                         f"{text} ! {rest}")
        self.src = self.pipeline.get_by_name("src")
        self.out = self.pipeline.get_by_name("out")
        self.errors, self.warnings, self.messages = [], [], []
        self.gaps = []  # fields of GAP events at the source's pad
        self.at_eos = False
        self.src.get_static_pad("src").add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event)

    def _on_event(self, pad, info):
        event = info.get_event()
        if event.type == Gst.EventType.GAP:
            fields = sinktest.to_dict(event.get_structure())
            self.gaps.append((fields.get("missing-frames"), fields.get("reason")))
        return Gst.PadProbeReturn.OK

    def __enter__(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        return self

    def __exit__(self, *_):
        started = time.monotonic()
        self.pipeline.set_state(Gst.State.NULL)
        tap.true(time.monotonic() - started < 5 * TIMEOUT_MULTIPLIER, "to NULL at once")

    @property
    def stats(self):
        stats = sinktest.to_dict(self.src.get_property("stats"))
        tap.equal(stats["records-read"], sum(stats[name] for name in self.closing), f"the books close: {stats}")
        return stats

    @property
    def complaints(self):
        """Warnings but those of a broker that stands still for seconds, as it may on a machine with much to do."""
        return [warning for warning in self.warnings if "does not respond" not in warning]

    @property
    def links(self):
        """The states of the connection that messages reported."""
        return [message.get_string("state") for message in self.messages if message.get_name().endswith("-connection")]

    def look(self):
        bus = self.pipeline.get_bus()
        while message := bus.pop():
            if message.type == Gst.MessageType.ERROR:
                self.errors.append(message.parse_error()[0].message)
            elif message.type == Gst.MessageType.WARNING:
                self.warnings.append(message.parse_warning()[0].message)
            elif message.type == Gst.MessageType.EOS:
                self.at_eos = True
            elif message.type == Gst.MessageType.ELEMENT and message.src == self.src:
                self.messages.append(message.get_structure())
        tap.equal(self.errors, [], "errors on the bus")
        return self.stats

    def seek(self, place):
        """On the pipeline, once it plays: a seek on its way there, or on an element of it, may leave a sink in PAUSED with
        any source."""
        tap.equal(self.pipeline.get_state(30 * Gst.SECOND)[0], Gst.StateChangeReturn.SUCCESS, "playing")
        tap.true(self.pipeline.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE, place), "seek")

    def messages_named(self, name):
        """The fields of the messages of this name so far."""
        self.look()
        return [sinktest.to_dict(message) for message in self.messages if message.get_name() == name]

    def pull_sample(self, seconds=60):
        """The next sample, None at the end."""
        deadline = time.monotonic() + seconds * tap.PATIENCE
        while True:
            sample = self.out.emit("try-pull-sample", 100 * Gst.MSECOND)
            if sample:
                return sample
            self.look()
            if self.out.get_property("eos"):
                return None
            tap.true(time.monotonic() < deadline, f"nothing came for {seconds} s: {self.stats}")

    def pull(self, seconds=60):
        """(bytes, buffer) of the next sample, None at the end."""
        sample = self.pull_sample(seconds)
        return sample and (bytes_of(sample.get_buffer()), sample.get_buffer())

    def pull_all(self, count=None):
        got = []
        while (count is None or len(got) < count) and (one := self.pull()):
            got.append(one)
        return got
