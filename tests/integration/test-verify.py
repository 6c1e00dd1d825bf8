#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tributary-kafka-verify against a real Apache Kafka: records are written here, right and broken, by a client that is
not ours (ARIA-1, ARIA-2). What the program must say is known to the record."""

import datetime
import json
import os
import signal
import subprocess
import sys
import threading

import tap
from apache_kafka import ApacheKafka, KafkaUnavailable, free_port

PROGRAM = os.path.join(os.environ.get("TRIB_BUILD_ROOT", "build"), "gst", "tools", "tributary-kafka-verify")
TOPICS = {"metadata": "vrs-metadata-stream", "binary": "vrs-binary-stream", "registry": "vrs-frame-registry"}
T0 = 1722513600000000000
BIG = bytes(range(256)) * 24219  # 6.2 MB


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = _crc_table()
_crcs = {}


def crc32c(data):
    """RFC 3720 appendix B.4, written anew here so that it checks the program's."""
    if data in _crcs:
        return _crcs[data]
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    if len(data) > 1000:
        _crcs[data] = crc
    return crc


def time_text(t_ns):
    return datetime.datetime.fromtimestamp(t_ns // 10**9, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000000")


class Writer:
    """Writes frames as docs/internals/kafka-topics.md lays them out; `prefix` keeps the tests apart."""

    def __init__(self, kafka, prefix, partitions=1, binary_config=None):
        from confluent_kafka import Producer
        self.topics = {role: prefix + name for role, name in TOPICS.items()}
        for role, name in self.topics.items():
            extra = (binary_config or {}) if role == "binary" else {}
            kafka.create_topic(name, partitions, {"max.message.bytes": 10485760, **extra})
        self.producer = Producer({"bootstrap.servers": kafka.bootstrap, "message.max.bytes": 10000000, "linger.ms": 2,
                                  "enable.idempotence": True})

    def put(self, role, key, value, partition=0, headers=None):
        """Returns a list that holds the offset once flush() returns."""
        offset = []

        def delivered(error, message):
            if error:
                raise AssertionError(f"{self.topics[role]}: {error}")
            offset.append(message.offset())

        self.producer.produce(self.topics[role], value, key, partition, on_delivery=delivered, headers=headers or [])
        return offset

    def flush(self):
        tap.equal(self.producer.flush(60), 0, "records that were not delivered")

    def frames(self, frames):
        """Bytes and metadata of all, then the entries, as the sink does."""
        for f in frames:
            metadata = f.metadata()
            if "binary" not in f.without:
                f.where["binary"] = self.put("binary", f.key or f.id, f.payload, f.partition, f.headers("binary"))
            if "metadata" not in f.without:
                f.where["metadata"] = self.put("metadata", f.id, metadata, f.partition, f.headers("metadata"))
        self.flush()
        for f in frames:
            if "registry" not in f.without:
                self.put("registry", f.id, f.entry(self.topics), f.partition, f.headers("registry"))
        self.flush()


class Frame:
    def __init__(self, index, session="s_1-a", stream="214-1", payload=None, partition=0, without=(), key=None,
                 reason=None, metadata_changes=None, entry_changes=None, header_changes=None, t=None):
        self.t = T0 + index if t is None else t
        self.id = f"{session}_{stream}_{index}_{self.t}"
        self.session, self.stream, self.index, self.partition = session, stream, index, partition
        self.payload = payload if payload is not None else b"picture %d of %s" % (index, session.encode())
        self.without, self.key, self.reason = without, key, reason
        self.metadata_changes, self.entry_changes = metadata_changes or {}, entry_changes or {}
        self.header_changes = header_changes or {}
        self.where = {}

    def identity(self):
        return {"frame_id": self.id, "session_id": self.session, "stream_id": self.stream, "frame_index": self.index}

    def metadata(self):
        self._metadata = json.dumps({
            **self.identity(), "timestamp": time_text(self.t), "capture_timestamp_ns": self.t,
            "device_timestamp_ns": self.t, "image_width": 640, "image_height": 480, "channels": 3,
            "compression": {"format": "jpeg", "original_size": 921600, "compressed_size": len(self.payload),
                            "compression_ratio": len(self.payload) / 921600, "quality": 90, "shape": [480, 640, 3],
                            "dtype": "uint8"},
            "data_type": "vrs_frame_binary", "content_type": "image/jpeg", "caps": "image/jpeg", "time_source": "meta",
            "key_frame": True, "sequence": self.index, "binary_crc32c": crc32c(self.payload),
            **self.metadata_changes}).encode()
        return self._metadata

    def entry(self, topics):
        entry = {**self.identity(), "capture_timestamp_ns": self.t}
        for role, value in (("metadata", self._metadata), ("binary", self.payload)):
            offset = self.where.get(role)
            entry.update({f"{role}_topic": topics[role], f"{role}_partition": self.partition if offset else None,
                          f"{role}_offset": offset[0] if offset else None, f"{role}_crc32c": crc32c(value)})
        entry.update({"compression_format": "jpeg", "compressed_size": len(self.payload),
                      "compression_ratio": len(self.payload) / 921600, "created_at": "2024-08-01T12:00:01.000000",
                      "size_bytes": len(self.payload), "status": "FAILED" if self.reason else "LINKED"})
        if self.reason:
            entry.update({"error_reason": self.reason, "error_message": "it did not arrive"})
        self._entry = json.dumps({**entry, **self.entry_changes}).encode()
        return self._entry

    def headers(self, role):
        value = {"binary": self.payload, "metadata": getattr(self, "_metadata", b""),
                 "registry": getattr(self, "_entry", b"")}[role]
        headers = {"frame-id": self.id, "sequence": str(self.index), "time-source": "meta", "crc32c": str(crc32c(value)),
                   "content-type": "image/jpeg" if role == "binary" else "application/json"}
        if role == "binary":
            headers["caps"] = "image/jpeg"
        headers.update(self.header_changes.get(role, {}))
        return list(headers.items())


def start(*arguments, **kinds):
    return subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **kinds)


def verify(*arguments, status=0):
    """Runs it to the present end with --json; returns the verdict."""
    child = start("--json", *arguments)
    out, err = child.communicate(timeout=60 * tap.PATIENCE)
    if child.returncode != status:
        raise AssertionError(f"exit status {child.returncode}, expected {status}\n{out[:4000]}{err}")
    verdict = json.loads(out.splitlines()[-1])
    tap.equal(verdict["exit_status"], status, "exit_status in the JSON")
    if status < 2:
        closes(verdict)
        for stream in verdict["streams"]:
            closes(stream)
    return verdict


def closes(books):
    tap.equal(books["entries"], sum(books[name] for name in ("proven", "failed", "mismatched", "missing", "expired",
                                                             "unproven", "pending")), "the sum of outcomes")


def topics_of(kafka):
    from confluent_kafka.admin import AdminClient
    return AdminClient({"bootstrap.servers": kafka.bootstrap}).list_topics(timeout=60).topics


def counts(verdict):
    return {kind: found["count"] for kind, found in verdict["findings"].items()}


class Follower:
    """A child that follows, with its lines read as they come."""

    def __init__(self, *arguments):
        self.child = start("--json", "--follow", "--announce-ready", *arguments)
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        tap.equal(self.child.stderr.readline(), "ready\n", "the first line of standard error")
        self._reader.start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.append(json.loads(line))

    def wait_proven(self, n):
        tap.wait_until(lambda: self.lines and self.lines[-1]["proven"] >= n, what=f"{n} proven frames")

    def end(self, status, number=None):
        if number:
            self.child.send_signal(number)
        tap.equal(self.child.wait(30 * tap.PATIENCE), status, "exit status")
        self._reader.join(10)
        return self.lines[-1] if self.lines else None


def add_tests(t, kafka):
    broker = ("-b", kafka.bootstrap)

    @t.test("clean: two sessions, two streams, three partitions, one topic; 6 MB frames (ARIA-1)")
    def _():
        writer = Writer(kafka, "clean-", partitions=3)
        frames = [Frame(i, session, stream, partition=(len(session) + len(stream)) % 3)
                  for session in ("a", "b_2-c") for stream in ("214-1", "1201-1") for i in range(200)]
        frames += [Frame(i, "big", "214-1", payload=BIG) for i in range(3)]
        writer.frames(frames)
        verdict = verify(*broker, "--topic-prefix", "clean-")
        tap.equal(verdict["verdict"], "clean", "verdict")
        tap.equal((verdict["entries"], verdict["proven"]), (803, 803), "entries and proven")
        tap.equal(verdict["bytes_proven"], sum(len(f.payload) for f in frames), "bytes")
        tap.equal([(s["session_id"], s["stream_id"], s["proven"]) for s in verdict["streams"]],
                  [("a", "1201-1", 200), ("a", "214-1", 200), ("b_2-c", "1201-1", 200), ("b_2-c", "214-1", 200),
                   ("big", "214-1", 3)], "streams")
        tap.equal((verdict["first_capture_ns"], verdict["last_capture_ns"]), (T0, T0 + 199), "capture times")

        one = verify(*broker, "--topic-prefix", "clean-", "--session", "a", "--session", "big", "--stream", "214-1")
        tap.equal(one["proven"], 203, "proven of the selection")
        nothing = verify(*broker, "--topic-prefix", "clean-", "--session", "mistyped", status=1)
        tap.equal(counts(nothing), {"nothing-to-verify": 1}, "findings of a session that is not there")

        child = start(*broker, "--topic-prefix", "clean-")
        out, err = child.communicate(timeout=60 * tap.PATIENCE)
        tap.equal((child.returncode, err), (0, ""), "status and standard error of the table")
        tap.true(out.splitlines()[-1].startswith("clean: 803 entries = 803 proven + 0 failed"), out)
        child = start(*broker, "--topic-prefix", "clean-", "--quiet")
        tap.equal(len(child.communicate(timeout=60 * tap.PATIENCE)[0].splitlines()), 1, "lines with --quiet")
        # none of the tests so far is a member of a group, so this topic would be the verifier's
        # work
        tap.true("__consumer_offsets" not in topics_of(kafka), "the verifier made a consumer group")

    @t.test("every kind of fault is found, counted and placed (ARIA-1, ARIA-2)")
    def _():
        writer = Writer(kafka, "broken-", partitions=2)
        other_key = Frame(16, key=Frame(916, "other").id)
        frames = [
            Frame(0), Frame(1),
            Frame(2, reason="timed-out", without=("metadata",)),
            Frame(3, reason="too-large", without=("metadata", "binary")),
            Frame(4, entry_changes={"binary_crc32c": 1}),
            Frame(5, entry_changes={"metadata_crc32c": 1}),
            Frame(6, entry_changes={"compressed_size": 3, "size_bytes": 3}),
            Frame(7, entry_changes={"frame_index": 8}),
            Frame(8, header_changes={"binary": {"crc32c": "1"}}),
            Frame(9, header_changes={"metadata": {"sequence": "1009"}}),
            Frame(10, metadata_changes={"binary_crc32c": 2}),
            Frame(11, entry_changes={"status": "SEEN"}),
            Frame(12, without=("registry",)),
            Frame(13, entry_changes={"binary_offset": 100000}),
            # 14 and 15 are a gap
            other_key,
            Frame(17, entry_changes={"metadata_partition": 1}),
            Frame(18, entry_changes={"compression_ratio": 0.5}),
            Frame(19, metadata_changes={"image_width": -640}),
        ]
        writer.frames(frames)
        writer.put("binary", "no frame id", b"x")
        writer.put("registry", frames[0].id, frames[0]._entry)
        writer.put("binary", frames[1].id, frames[1].payload)
        writer.put("registry", frames[2].id, frames[0].entry(writer.topics).replace(b"_0_", b"_2_"))
        late = Frame(1)
        late.id = f"s_1-a_214-1_1_{T0 + 5}"
        writer.put("metadata", late.id, late.metadata())
        writer.flush()
        verdict = verify(*broker, "--topic-prefix", "broken-", "--settle-ms", "200", "--max-findings", "2", status=1)
        found = counts(verdict)
        t.diag(json.dumps(found))
        tap.equal(found, {
            "failed": 2, "crc-mismatch": 3, "size-mismatch": 1, "field-mismatch": 3, "header-mismatch": 3,
            "malformed": 3, "orphan-bytes": 3, "orphan-metadata": 2, "missing-bytes": 1, "missing-metadata": 1,
            "gap": 2, "key-mismatch": 1, "partition-mismatch": 1, "duplicate-registry": 1, "duplicate-bytes": 1,
            "duplicate-metadata": 1, "status-conflict": 1}, "findings")
        tap.equal((verdict["entries"], verdict["proven"], verdict["failed"]), (16, 2, 2), "entries, proven, failed")
        tap.equal(verdict["failed_by_reason"], {"timed-out": 1, "too-large": 1}, "reasons")
        tap.equal(len(verdict["findings"]["crc-mismatch"]["listed"]), 2, "listed with --max-findings 2")
        place = verdict["findings"]["key-mismatch"]["listed"][0]
        tap.equal((place["topic"], place["partition"], place["offset"]), ("binary", 0, other_key.where["binary"][0]),
                  "where the key is wrong")
        text = start(*broker, "--topic-prefix", "broken-", "--settle-ms", "0").communicate(timeout=60 * tap.PATIENCE)[0]
        for kind in found:
            tap.true(f"\n{kind}: " in text, f"{kind} is not in the table:\n{text}")

    @t.test("an entry that comes late is waited for; one that never comes leaves an orphan")
    def _():
        writer = Writer(kafka, "settle-")
        frames = [Frame(i) for i in range(5)]
        writer.frames(frames[:4])
        frames[4].without = ("registry",)
        writer.frames(frames[4:])
        child = start("--json", *broker, "--topic-prefix", "settle-", "--settle-ms", "30000", "--announce-ready")
        tap.equal(child.stderr.readline(), "ready\n", "announcement")
        writer.put("registry", frames[4].id, frames[4].entry(writer.topics))
        writer.frames([Frame(5)])
        out = child.communicate(timeout=60 * tap.PATIENCE)[0]
        tap.equal(child.returncode, 0, "status; " + out)
        tap.true(json.loads(out)["proven"] >= 5, out)
        orphan = Frame(6, without=("registry", "metadata"))
        writer.frames([orphan])
        verdict = verify(*broker, "--topic-prefix", "settle-", "--settle-ms", "100", status=1)
        tap.equal(counts(verdict), {"orphan-bytes": 1}, "findings")

    @t.test("following: live progress, the end by number, by SIGINT and by SIGTERM")
    def _():
        writer = Writer(kafka, "follow-")
        writer.frames([Frame(i) for i in range(10)])
        for number in (None, signal.SIGINT, signal.SIGTERM):
            more = ("--until-frames", "60") if number is None else ()
            follower = Follower(*broker, "--topic-prefix", "follow-", *more)
            if number is None:
                for i in range(10, 60, 10):
                    writer.frames([Frame(k) for k in range(i, i + 10)])
            else:
                follower.wait_proven(60)
            verdict = follower.end(0, number)
            tap.equal((verdict["verdict"], verdict["proven"], verdict["pending"]), ("clean", 60, 0), "verdict")
            tap.true(all(line["type"] == "progress" for line in follower.lines[:-1]), "progress before the verdict")
            for line in follower.lines:
                closes(line)

    @t.test("following: a topic that got more partitions ends with 2, also right before the end")
    def _():
        from confluent_kafka.admin import AdminClient, NewPartitions
        writer = Writer(kafka, "grown-")
        writer.frames([Frame(i) for i in range(10)])
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
        admin.list_topics(timeout=60)
        follower = Follower(*broker, "--topic-prefix", "grown-")
        for future in admin.create_partitions([NewPartitions("grown-" + TOPICS["registry"], 2)]).values():
            future.result(60)
        verdict = follower.end(2, signal.SIGINT)
        tap.true("now has 2" in verdict["message"], f"the error: {verdict['message']}")

    @t.test("following over an outage of the broker; a second SIGINT ends at once with 2")
    def _():
        writer = Writer(kafka, "outage-")
        writer.frames([Frame(i) for i in range(10)])
        follower = Follower(*broker, "--topic-prefix", "outage-", "--timeout-ms", "20000")
        follower.wait_proven(10)
        kafka.sigkill()
        kafka.start()
        writer.frames([Frame(i) for i in range(10, 20)])
        follower.wait_proven(20)
        tap.equal(follower.end(0, signal.SIGINT)["proven"], 20, "proven")

        follower = Follower(*broker, "--topic-prefix", "outage-", "--timeout-ms", "60000")
        follower.wait_proven(20)
        kafka.pause()
        try:
            follower.child.send_signal(signal.SIGINT)
            follower.end(2, signal.SIGTERM)
        finally:
            kafka.resume()

    @t.test("retention: what it removed is expired, neither proven nor missing")
    def _():
        from confluent_kafka import Consumer, TopicPartition
        writer = Writer(kafka, "expired-", binary_config={"segment.bytes": 1048576, "retention.bytes": 2097152})
        payload = bytes(300000)
        writer.frames([Frame(i, payload=payload) for i in range(30)])
        consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "unused"})
        place = TopicPartition("expired-" + TOPICS["binary"], 0)
        lows = [0, 0]

        def settled():
            lows.append(consumer.get_watermark_offsets(place, timeout=60)[0])
            return lows[-1] > 15
        tap.wait_until(settled, timeout=60, what="retention to remove bytes", interval=0.2)
        verdict = verify(*broker, "--topic-prefix", "expired-", status=1)
        low = consumer.get_watermark_offsets(place, timeout=60)[0]
        consumer.close()
        tap.true(lows[-1] <= verdict["expired"] <= low, f"expired: {verdict['expired']}, low watermark {low}")
        tap.equal((verdict["entries"], verdict["missing"]), (30, 0), "entries and missing")
        tap.equal(set(counts(verdict)), {"expired"}, "findings")
        allowed = verify(*broker, "--topic-prefix", "expired-", "--allow-expired")
        tap.true(allowed["expired"] >= verdict["expired"] and allowed["verdict"] == "clean", "--allow-expired")

    @t.test("memory: more frames than may be open are read in step, not refused")
    def _():
        writer = Writer(kafka, "many-")
        for begin in range(0, 20000, 5000):
            writer.frames([Frame(i) for i in range(begin, begin + 5000)])
        verdict = verify(*broker, "--topic-prefix", "many-", "--max-open", "4000")
        tap.equal(verdict["proven"], 20000, "proven")

    @t.test("a session id used by a second run: both are listed, and nothing is wrong (ARIA-2)")
    def _():
        w = Writer(kafka, "two-runs-")
        w.frames([Frame(i, t=T0 + i) for i in range(40)])
        w.frames([Frame(i, t=T0 + 90000000000 + i) for i in range(30)])
        verdict = verify("-b", kafka.bootstrap, "--topic-prefix", "two-runs-")
        tap.equal([(s["run"], s["proven"]) for s in verdict["streams"]], [(1, 40), (2, 30)], "runs")

    @t.test("what a run says at its end: frames of which nothing was written are missed; without the topic nothing is")
    def _():
        w = Writer(kafka, "runs-")
        w.frames([Frame(i) for i in range(10) if i not in (3, 4)])
        verdict = verify("-b", kafka.bootstrap, "--topic-prefix", "runs-", status=1)
        tap.equal((verdict["gaps"], verdict["sent"]), (2, 0), "gaps and sent, without the topic")
        kafka.create_topic("runs-vrs-frame-runs", 2)
        w.topics["runs"] = "runs-vrs-frame-runs"
        w.put("runs", "s_1-a_214-1", json.dumps({
            "session_id": "s_1-a", "stream_id": "214-1", "first_index": 0, "last_index": 14, "sent": 15, "linked": 8,
            "failed": 7, "ended_at": "2024-08-01T12:00:02.000000"}), partition=1)
        w.put("runs", "s_1-a_211-1", json.dumps({
            "session_id": "s_1-a", "stream_id": "211-1", "first_index": 0, "last_index": 3, "sent": 4, "linked": 0,
            "failed": 4, "ended_at": "2024-08-01T12:00:02.000000"}))
        w.flush()
        verdict = verify("-b", kafka.bootstrap, "--topic-prefix", "runs-", status=1)
        tap.equal(set(verdict["findings"]), {"gap"}, "kinds")
        tap.equal((verdict["gaps"], verdict["sent"]), (2 + 5 + 4, 19), "gaps and sent")

    @t.test("frames of old producers are unproven, apart, and no finding (ARIA-40)")
    def _():
        w = Writer(kafka, "old-")
        w.frames([Frame(i) for i in range(5)])
        for i in range(20):
            names = {"frame_id": f"lab_slam_left_{i}_{T0 + i}", "session_id": "lab", "stream_id": "slam_left",
                     "frame_index": i}
            w.put("binary", names["frame_id"], b"raw")
            w.put("metadata", names["frame_id"], json.dumps({
                **names, "compression": {"format": "raw", "quality": None, "shape": [1, 1, 3], "dtype": "uint8"}}))
            w.put("registry", names["frame_id"], json.dumps({
                **names, "metadata_offset": None, "binary_offset": None, "status": "LINKED"}))
        w.flush()
        verdict = verify("-b", kafka.bootstrap, "--topic-prefix", "old-", "-X", "fetch.max.bytes=268434944")
        tap.equal((verdict["proven"], verdict["unproven"]), (5, 20), "proven and unproven")
        tap.equal([(s["session_id"], s["stream_id"], s["unproven"]) for s in verdict["streams"]],
                  [("lab", "slam_left", 20), ("s_1-a", "214-1", 0)], "streams")

    @t.test("long texts in entries are cut, and counted")
    def _():
        w = Writer(kafka, "long-")
        w.frames([Frame(0)])
        for i in range(1, 11):
            kind = {"reason": "r" * 300000} if i % 2 else {"entry_changes": {"frame_id": "f" * 300000}}
            w.frames([Frame(i, **kind)])
        child = start("--json", "-b", kafka.bootstrap, "--topic-prefix", "long-",
                      "--max-findings", "100")
        out, _ = child.communicate(timeout=60 * tap.PATIENCE)
        tap.equal(child.returncode, 1, "status")
        tap.true(len(out) < 60000, f"{len(out)} bytes were printed")
        tap.true(json.loads(out)["texts_cut"] >= 10, "texts_cut")

    @t.test("compressed records in topics that keep none compressed: memory is that of what is fetched, not of what was packed")
    def _():
        from confluent_kafka import Producer
        for name in TOPICS.values():
            kafka.create_topic("zip-" + name, config={"compression.type": "uncompressed"})
        producer = Producer({"bootstrap.servers": kafka.bootstrap, "message.max.bytes": 10000000, "compression.type": "gzip"})
        for i in range(60):
            # a batch of its own, of 5 kB
            producer.produce("zip-" + TOPICS["registry"], json.dumps({"session_id": "s" * 5000000}), key=f"s_cam_{i}_{T0 + i}")
            tap.equal(producer.flush(60), 0, "not delivered")
        child = start("--json", "-b", kafka.bootstrap, "--topic-prefix", "zip-")
        peaks = [0]

        def ended():
            with open(f"/proc/{child.pid}/status", encoding="ascii", errors="replace") as status:
                peaks.extend(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
            return child.poll() is not None
        tap.wait_until(ended, 60, "the end")
        verdict = json.loads(child.communicate()[0])
        tap.equal((child.returncode, verdict["findings"]["malformed"]["count"]), (1, 60), "status, malformed entries")
        t.diag(f"at most {max(peaks) >> 10} MiB")
        tap.true(max(peaks) < 150 << 10, f"{max(peaks) >> 10} MiB for 300 MB")

    @t.test("could not run: no topic, no broker, bad options; secrets stay unsaid")
    def _():
        port = free_port()
        cases = [
            (("-b", kafka.bootstrap, "--topic-prefix", "absent-"), "absent-vrs-metadata-stream"),
            (("-b", f"127.0.0.1:{port}", "--timeout-ms", "1500"), f"127.0.0.1:{port}"),
            (("-b", f"kafka://{kafka.bootstrap}"), "kafka://"),
            (("-b", f"{kafka.bootstrap},"), "host is missing"),
            (("-b", "127.0.0.1:99999"), "65535"),
            (("-b", kafka.bootstrap, "-X", "sasl.passwort=hush-hush"), "sasl.passwort"),
            (("-b", kafka.bootstrap, "-X", "security.protocol=hush-hush"), "security.protocol"),
            (("-b", kafka.bootstrap, "-X", "enable.partition.eof=false"), "enable.partition.eof"),
            (("-b", kafka.bootstrap, "-X", "hush-hush"), "KEY=VALUE"),
            (("-b", kafka.bootstrap, "-X", "fetch.max.bytes=268434945"), "at most 268434944"),
            (("-b", kafka.bootstrap, "-X", "fetch.message.max.bytes=0x10000000"), "at most 268434944"),
            (("-b", kafka.bootstrap, "-X", "queued.max.messages.kbytes=2000000"), "at most 262143"),
            (("-b", kafka.bootstrap, "--binary-topic", "same", "--registry-topic", "same"), "same"),
            ((), "--bootstrap-servers"),
            (("-b", kafka.bootstrap, "--until-frames", "5"), "--follow"),
            (("-b", kafka.bootstrap, "--max-open", "0"), "--max-open"),
            (("-b", kafka.bootstrap, "hush"), "arguments"),
        ]
        for arguments, words in cases:
            child = start("--json", *arguments)
            out, err = child.communicate(timeout=60 * tap.PATIENCE)
            tap.equal(child.returncode, 2, f"status of {arguments}: {out}{err}")
            tap.equal(json.loads(out)["type"], "error", "type")
            tap.true(words in json.loads(out)["message"] and words in err, f"{words!r} is not in {err!r}")
            tap.true("hush" not in out + err, f"a value is in {out!r} {err!r}")
            tap.equal(len(err.splitlines()), 1, f"lines of standard error: {err}")
        tap.true("absent-vrs-metadata-stream" not in topics_of(kafka), "the verifier made a topic")


def main():
    t = tap.Tap()
    try:
        with ApacheKafka(name="verify", settings={
                "auto.create.topics.enable": "true", "log.retention.check.interval.ms": 200,
                "log.initial.task.delay.ms": 200}) as kafka:
            add_tests(t, kafka)
            return t.run()
    except KafkaUnavailable as why:
        return t.skip_all(why)


sys.exit(main())
