#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kafkabinarysrc against Apache Kafka: every picture of a real video comes back, byte for byte; from the middle; while it
is still being written; through a SIGKILL of the broker; and from producers that write less than kafkabinarysink does."""

import json
import sys
import time

import sinktest
import sourcetest
import tap
from apache_kafka import free_port
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from sinktest import FOOTAGE_FRAMES, Gst

t = tap.Tap()
JPEG = None  # a picture of the footage


def write(bootstrap, prefix, extra="", session="walk"):
    """The footage as JPEG; returns the pipeline's Run, which plays."""
    return sinktest.Run(f"filesrc location={sinktest.footage()} ! decodebin ! videoconvert ! video/x-raw,format=I420 ! "
                        f"frameencodebin session-id={session} stream-id=street {extra} ! kafkabinarysink name=sink",
                        bootstrap, prefix).play()


class Reading(sourcetest.Reading):
    def __init__(self, *arguments, **properties):
        super().__init__("kafkabinarysrc", *arguments, **properties)


def index_of(buffer):
    return buffer.get_custom_meta("TribFrameMeta").get_structure().get_uint64("index").value


def expected(bootstrap, prefix):
    arrived = sinktest.Arrived(bootstrap, prefix)
    arrived.check(range(FOOTAGE_FRAMES))
    return [arrived.bytes_of(entry).value for entry in arrived.linked]


@t.test("795 of 795 pictures, byte-identical, by the registry and by the bytes; each decodes (ARIA-1)")
def _():
    global JPEG
    sinktest.need_element("jpegdec")
    with write(t.kafka.bootstrap, "all-") as run:
        run.wait_eos()
        run.stop()
    wanted = expected(t.kafka.bootstrap, "all-")
    JPEG = wanted[0]
    for read_by in ("registry", "bytes"):
        with Reading(t.kafka.bootstrap, "all-", read_by=read_by) as reading:
            got = reading.pull_all()
            tap.equal([data for data, _ in got], wanted, f"payloads by {read_by}")
            tap.equal([index_of(buffer) for _, buffer in got], list(range(FOOTAGE_FRAMES)), "frame indexes")
            ok, duration = reading.src.query_duration(Gst.Format.TIME)
            tap.true(ok and duration == got[-1][1].pts + got[-1][1].duration, f"duration {duration}")
            tap.equal((reading.complaints, reading.look()["pushed"]), ([], FOOTAGE_FRAMES), "warnings, pushed")
    with Reading(t.kafka.bootstrap, "all-", "jpegdec ! fakesink name=out sync=false signal-handoffs=true") as reading:
        decoded = []
        reading.out.connect("handoff", lambda _, buffer, pad: decoded.append(index_of(buffer)))
        tap.wait_until(lambda: reading.look() and reading.at_eos, 60, "EOS")
        tap.equal(decoded, list(range(FOOTAGE_FRAMES)), "decoded pictures")


@t.test("playbin plays a session, of a URI with several brokers")
def _():
    for name in ("jpegdec", "playbin"):
        sinktest.need_element(name)
    uri = f"kafka://127.0.0.1:{free_port()},{t.kafka.bootstrap}/?session=walk&prefix=all-&until=end"
    playbin, sink = Gst.ElementFactory.make("playbin"), Gst.ElementFactory.make("fakesink")
    sink.set_property("sync", False)
    playbin.set_property("video-sink", sink)
    playbin.set_property("uri", uri)
    playbin.set_state(Gst.State.PLAYING)
    message = playbin.get_bus().timed_pop_filtered(120 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    tap.true(message is not None and message.type == Gst.MessageType.EOS, f"{message and message.get_structure()}")
    tap.equal(sink.get_property("stats").get_uint64("rendered").value, FOOTAGE_FRAMES, "pictures")
    playbin.set_state(Gst.State.NULL)


@t.test("from the middle: by start-time, and by seeking there and back")
def _():
    arrived = sinktest.Arrived(t.kafka.bootstrap, "all-")
    middle = arrived.linked[400]
    with Reading(t.kafka.bootstrap, "all-", start="time", start_time=middle["capture_timestamp_ns"]) as reading:
        got = reading.pull_all()
        tap.equal([index_of(buffer) for _, buffer in got], list(range(400, FOOTAGE_FRAMES)), "frame indexes")
        tap.true(reading.look()["records-read"] < 420, f"the broker was asked for the time: {reading.stats}")
    first = arrived.linked[0]["capture_timestamp_ns"]
    with Reading(t.kafka.bootstrap, "all-", read_by="registry") as reading:
        reading.pull()
        for target in (600, 20, 400):
            place = arrived.linked[target]["capture_timestamp_ns"] - first
            reading.seek(place)
            data, buffer = reading.pull()
            tap.equal((index_of(buffer), buffer.pts), (target, place), "the frame that was sought")
            tap.equal(data, arrived.bytes_of(arrived.linked[target]).value, "its bytes")


@t.test("H.264: the frame that is sought is the first one shown, from a recording and live")
def _():
    for name in ("x264enc", "h264parse", "avdec_h264"):
        sinktest.need_element(name)
    with sinktest.Run("videotestsrc num-buffers=300 ! video/x-raw,width=64,height=48,framerate=10/1 ! "
                      "x264enc key-int-max=40 speed-preset=ultrafast ! h264parse ! "
                      "video/x-h264,stream-format=byte-stream,alignment=au ! "
                      "kafkabinarysink name=sink session-id=s stream-id=cam", t.kafka.bootstrap, "h264-").play() as run:
        run.wait_eos()
        run.stop()
    for until in ("end", "never"):
        with Reading(t.kafka.bootstrap, "h264-", "h264parse ! avdec_h264 ! appsink name=out sync=false max-buffers=5",
                     until=until) as reading:
            reading.pull()
            for target in (17000, 3000, 25000):
                place = target * Gst.MSECOND
                reading.seek(place)
                tap.equal(reading.pull()[1].pts, place, f"until={until}: time of the first picture")


@t.test("while the producer still writes: all of it, live, in order")
def _():
    with Reading(t.kafka.bootstrap, "live-", until="never") as reading, write(t.kafka.bootstrap, "live-") as run:
        got = reading.pull_all(FOOTAGE_FRAMES)
        tap.equal([index_of(buffer) for _, buffer in got], list(range(FOOTAGE_FRAMES)), "frame indexes")
        run.wait_eos()
        run.stop()
        tap.equal((reading.look()["missing"], reading.stats["late"]), (0, 0), "missing, late")
    tap.equal([data for data, _ in got], expected(t.kafka.bootstrap, "live-"), "payloads")


@t.test("SIGKILL of the broker while reading: one warning, and every picture (ARIA-5)")
def _():
    with Reading(t.kafka.bootstrap, "all-", until="never", max_queued_bytes=4 << 20) as reading:
        got = reading.pull_all(100)
        t.kafka.sigkill()
        killed = time.monotonic()
        # what was read ahead is given meanwhile; then the outage is reported
        while not reading.warnings:
            sample = reading.out.emit("try-pull-sample", 50 * Gst.MSECOND)
            if sample:
                got.append((sourcetest.bytes_of(sample.get_buffer()), sample.get_buffer()))
            reading.look()
            tap.true(time.monotonic() - killed < 60 * tap.PATIENCE, "the outage is reported")
            if len(got) == FOOTAGE_FRAMES:
                break
        t.kafka.start()
        got += reading.pull_all(FOOTAGE_FRAMES - len(got))
        tap.equal([index_of(buffer) for _, buffer in got], list(range(FOOTAGE_FRAMES)), "frame indexes")

        def back():
            reading.look()
            return len(reading.links) > 1 and reading.links[-1] == "connected"
        tap.wait_until(back, 60, "the connection's message")
        tap.equal(len(reading.warnings), reading.stats["outages"], f"one warning an outage: {reading.warnings}")
        with write(t.kafka.bootstrap, "all-", session="later") as run:
            tap.true(reading.pull(60), "frames written later come, too")
            run.stop()


@t.test("what other producers write: a key and bytes alone, or metadata without headers")
def _():
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    for i in range(5):
        producer.produce("bare-vrs-binary-stream", JPEG, key=f"my_session_214-1_{i}_{1722513600000000000 + i * 33333333}")
    producer.flush(20)
    with Reading(t.kafka.bootstrap, "bare-", read_by="bytes") as reading:
        got = reading.pull_all()
        tap.equal([data for data, _ in got], [JPEG] * 5, "payloads")
        tap.equal([index_of(buffer) for _, buffer in got], list(range(5)), "frame indexes")
        caps = reading.src.get_static_pad("src").get_current_caps().to_string()
        tap.true(caps.startswith("image/jpeg"), f"caps {caps}")
    places = {}

    def delivered(error, message):
        tap.true(error is None, f"{error}")
        places[message.topic()] = (message.partition(), message.offset())
    raw, key = bytes(range(48)), "s_214-1_0_1722513600000000000"
    producer.produce("raw-vrs-binary-stream", raw, key=key, callback=delivered)
    producer.produce("raw-vrs-metadata-stream", json.dumps(
        {"frame_id": key, "image_width": 4, "image_height": 4, "channels": 3,
         "compression": {"format": "raw", "shape": [4, 4, 3], "dtype": "uint8"}}), key=key, callback=delivered)
    producer.flush(20)
    entry = {"frame_id": key, "session_id": "s", "stream_id": "214-1", "frame_index": 0,
             "capture_timestamp_ns": 1722513600000000000, "compression_format": "raw", "compressed_size": 48,
             "compression_ratio": 1.0, "created_at": "2024-08-01T12:00:00Z", "size_bytes": 48, "status": "LINKED", "metadata_crc32c": 0,
             "binary_crc32c": 0}
    for what in ("metadata", "binary"):
        topic = f"raw-vrs-{what}-stream"
        entry[f"{what}_topic"], (entry[f"{what}_partition"], entry[f"{what}_offset"]) = topic, places[topic]
    producer.produce("raw-vrs-frame-registry", json.dumps(entry), key=key)
    producer.produce("raw-vrs-frame-registry", b"not JSON", key=b"x")
    producer.flush(20)
    with Reading(t.kafka.bootstrap, "raw-", check_crc="false") as reading:
        got = reading.pull_all()
        tap.equal([data for data, _ in got], [raw], "payloads")
        caps = reading.src.get_static_pad("src").get_current_caps().to_string()
        tap.true("video/x-raw" in caps and "RGB" in caps and "width=(int)4" in caps, f"caps {caps}")
        tap.equal((reading.look()["malformed"], len(reading.complaints)), (1, 1), "malformed, warnings")
    with Reading(t.kafka.bootstrap, "raw-") as reading:
        tap.equal(reading.pull_all(), [], "a CRC that is not that of the bytes")
        tap.equal(reading.look()["damaged"], 1, "damaged")


@t.test("pictures of other people's topics, without keys and headers: identity=none numbers them in the order of their time")
def _():
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    base = 1722513600000000000
    for i in range(10):
        producer.produce("any-vrs-binary-stream", JPEG, partition=i % 3, timestamp=base // 10**6 + i)
    producer.flush(20)
    with Reading(t.kafka.bootstrap, "any-", identity="none") as reading:
        got = reading.pull_all()
        tap.equal([index_of(buffer) for _, buffer in got], list(range(10)), "frames without identity")


@t.test("by time, where records are older than what they hold: stamped when they were sent, or by the broker")
def _():
    base = int(time.time()) * 10**9 + 3600 * 10**9
    times = [base + i * 60 * 10**9 for i in range(60)]
    admin = AdminClient({"bootstrap.servers": t.kafka.bootstrap})
    admin.create_topics([NewTopic("append-vrs-binary-stream", 2, 1,
                                  config={"message.timestamp.type": "LogAppendTime"})])["append-vrs-binary-stream"].result(20)
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    for prefix in ("sent-", "append-"):
        for i, when in enumerate(times):
            producer.produce(prefix + "vrs-binary-stream", JPEG, key=f"s_cam_{i}_{when}", partition=0)
        producer.flush(20)
        with Reading(t.kafka.bootstrap, prefix, read_by="bytes", start="time", start_time=times[40]) as reading:
            tap.equal([index_of(buffer) for _, buffer in reading.pull_all()], list(range(40, 60)), f"{prefix}: frame indexes")
            tap.true(reading.look()["records-read"] < 40, f"{prefix}: not read from the beginning: {reading.stats}")
        with Reading(t.kafka.bootstrap, prefix, read_by="bytes", start="time", start_time=times[59] + 1) as reading:
            tap.equal(reading.pull_all(), [], f"{prefix}: frames beyond the end")
            tap.equal((reading.look()["nothing-found"], len(reading.warnings)), ("time", 1), f"{prefix}: what is said")


@t.test("a recorder that began at the live edge seeks back to the oldest frame that is kept, and on from there")
def _():
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    base = (int(time.time()) - 3600) * 10**9

    def send(prefix, i):
        key = f"s_cam_{i}_{base + i * 10**8}"
        producer.produce(prefix + "vrs-binary-stream", JPEG, key=key)
        producer.produce(prefix + "vrs-metadata-stream", "{}", key=key)
        producer.produce(prefix + "vrs-frame-registry", json.dumps(
            {"frame_id": key, "session_id": "s", "stream_id": "cam", "frame_index": i, "status": "LINKED",
             "metadata_offset": None, "binary_offset": None}), key=key)
        producer.flush(20)

    for read_by in ("registry", "bytes"):
        prefix, n = f"back-{read_by}-", 50
        for i in range(n):
            send(prefix, i)
        with Reading(t.kafka.bootstrap, prefix, read_by=read_by, until="never", start="latest") as reading:
            first = None
            while first is None:
                send(prefix, n)
                n += 1
                first = reading.out.emit("try-pull-sample", 100 * Gst.MSECOND)
            index = index_of(first.get_buffer())
            tap.true(index >= 50, f"first frame {index}")
            tap.equal(first.get_buffer().pts, index * 10**8, "time since the oldest frame")
            tap.equal([index_of(buffer) for _, buffer in reading.pull_all(n - 1 - index)], list(range(index + 1, n)), "live")
            for target in (0, 20, 0):
                query = Gst.Query.new_seeking(Gst.Format.TIME)
                tap.true(reading.src.query(query), "SEEKING")
                _, seekable, begin, end = query.parse_seeking()
                tap.true(seekable and begin == 0 and end >= (n - 1) * 10**8, f"what can be sought: {begin} to {end}")
                reading.seek(target * 10**8)
                got = reading.pull_all(n - target)
                tap.equal([(index_of(buffer), buffer.pts) for _, buffer in got], [(i, i * 10**8) for i in range(target, n)], f"from {target}")
                send(prefix, n)
                n += 1
                tap.equal(index_of(reading.pull()[1]), n - 1, "live again")


@t.test("a producer of transactions: what is committed comes, and an entry that names a marker holds nothing up")
def _():
    times = [1722513600000000000 + i * 33333333 for i in range(6)]
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0, "transactional.id": "cam"})
    producer.init_transactions(20)
    places = {}

    def delivered(error, message):
        if error is None:
            places[message.key().decode()] = message.offset()

    # offsets 0 to 2, a marker; two that are aborted, a marker; one, a marker
    for indexes, commit in (((0, 1, 2), True), ((3, 4), False), ((5,), True)):
        producer.begin_transaction()
        for i in indexes:
            producer.produce("tx-vrs-binary-stream", JPEG, key=f"s_cam_{i}_{times[i]}", partition=0, callback=delivered)
        producer.flush(20)
        (producer.commit_transaction if commit else producer.abort_transaction)(20)
    tap.equal(places[f"s_cam_5_{times[5]}"], 7, "offset of the last record")
    plain = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    for i, offset in ((0, 0), (1, 3), (2, 2), (3, 4), (5, 7), (4, 8)):
        key = f"s_cam_{i}_{times[i]}"
        plain.produce("tx-vrs-frame-registry", json.dumps({
            "frame_id": key, "session_id": "s", "stream_id": "cam", "frame_index": i, "capture_timestamp_ns": times[i],
            "metadata_topic": "tx-vrs-metadata-stream", "metadata_partition": 0, "metadata_offset": 0,
            "metadata_crc32c": 0, "binary_topic": "tx-vrs-binary-stream", "binary_partition": 0,
            "binary_offset": offset, "binary_crc32c": 0, "compression_format": "jpeg", "compressed_size": len(JPEG),
            "compression_ratio": 1.0, "created_at": "2024-08-01T12:00:00Z", "size_bytes": len(JPEG),
            "status": "LINKED"}), key=key, partition=0)
    plain.flush(20)
    with Reading(t.kafka.bootstrap, "tx-", read_by="bytes") as reading:
        tap.equal([index_of(buffer) for _, buffer in reading.pull_all()], [0, 1, 2, 5], "by bytes")
    with Reading(t.kafka.bootstrap, "tx-", check_crc="false") as reading:
        tap.equal([index_of(buffer) for _, buffer in reading.pull_all()], [0, 2, 5], "by registry")
        tap.equal(reading.look()["damaged"], 3, "damaged")


@t.test("a registry without the topics that it speaks of: said once, and frames arrive when there are any")
def _():
    producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
    keys = [f"s_cam_{i}_{1722513600000000000 + i * 33333333}" for i in range(5)]
    for i, key in enumerate(keys):
        producer.produce("alone-vrs-frame-registry", json.dumps(
            {"frame_id": key, "session_id": "s", "stream_id": "cam", "frame_index": i, "status": "LINKED",
             "metadata_offset": None, "binary_offset": None}), key=key)
    producer.flush(20)
    pipeline = Gst.parse_launch(f"kafkabinarysrc bootstrap-servers={t.kafka.bootstrap} topic-prefix=alone- ! fakesink")
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(30 * Gst.SECOND, Gst.MessageType.ERROR)
    tap.true(message is not None and "alone-vrs-binary-stream" in message.parse_error()[0].message, "which topic")
    pipeline.set_state(Gst.State.NULL)
    with Reading(t.kafka.bootstrap, "alone-", until="never") as reading:
        tap.wait_until(lambda: reading.look()["nothing-found"] == "bytes-topic", 60, "the bytes topic to be said")
        for key in keys:
            producer.produce("alone-vrs-binary-stream", JPEG, key=key)
        producer.flush(20)
        tap.equal([index_of(buffer) for _, buffer in reading.pull_all(5)], list(range(5)), "frames")
        tap.wait_until(lambda: reading.look()["nothing-found"] == "metadata-topic", 60, "the metadata topic to be said")
        said = [warning for warning in reading.complaints if "alone-vrs-binary-stream" in warning]
        tap.equal((len(said), sum("alone-vrs-metadata-stream" in warning for warning in reading.complaints)), (1, 1),
                  f"warnings of the two topics: {reading.complaints}")
        tap.equal(reading.look()["damaged"], 0, "damaged")


@t.test("a topic that is not there, and a broker that is not there: errors and waits as documented")
def _():
    pipeline = Gst.parse_launch(f"kafkabinarysrc bootstrap-servers={t.kafka.bootstrap} topic-prefix=nowhere- ! fakesink")
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(30 * Gst.SECOND, Gst.MessageType.ERROR)
    tap.true(message is not None and "nowhere-vrs-frame-registry" in message.parse_error()[0].message, "which topic")
    pipeline.set_state(Gst.State.NULL)
    for element, topic in (("kafkabinarysrc", "later-vrs-frame-registry"), ("kafkarecordsrc", "later-records")):
        what = "" if element == "kafkabinarysrc" else "topic=records "
        pipeline = Gst.parse_launch(f"{element} name=src bootstrap-servers={t.kafka.bootstrap} topic-prefix=later- {what}"
                                    "until=never ! fakesink async=false")
        pipeline.set_state(Gst.State.PLAYING)
        message = pipeline.get_bus().timed_pop_filtered(30 * Gst.SECOND, Gst.MessageType.WARNING)
        tap.true(message is not None and topic in message.parse_warning()[0].message, f"{element}: which topic is not there")
        tap.equal(pipeline.get_by_name("src").get_property("stats").get_string("nothing-found"), "topic", "stats")
        pipeline.set_state(Gst.State.NULL)
    pipeline = Gst.parse_launch("kafkabinarysrc name=src bootstrap-servers=127.0.0.1:1 outage-timeout-ms=500 ! fakesink")
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(30 * Gst.SECOND, Gst.MessageType.ERROR)
    tap.true(message is not None and "outage-timeout-ms=500" in message.parse_error()[0].message, "which limit")
    pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    sys.exit(sinktest.main(t, "kafkabinarysrc", partitions=3))
