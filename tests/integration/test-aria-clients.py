#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The old system's ends (tests/clients/aria_client.py, kafka-python) and ours, through Apache Kafka: its producer's frames
come out of kafkabinarysrc as pictures, and its consumer finds the pictures that kafkabinarysink wrote, in both modes."""

import io
import itertools
import json
import sys
import threading

import sinktest
import sourcetest
import tap
from sinktest import Gst

try:
    from aria_client import BINARY, METADATA, REGISTRY, SENSORS, OldConsumer, OldProducer
    from PIL import Image, ImageChops, ImageStat
except ImportError as missing:
    if missing.name not in ("kafka", "PIL"):
        raise
    sys.exit(tap.Tap().skip_all(f"no {missing.name} for Python: install python3-kafka and python3-pil"))

t = tap.Tap()
FRAMES = 8
# no multiple of 4: rows of a raw picture are padded in GStreamer and packed in a record
WIDTH, HEIGHT = 62, 46
START = 1722513600000000000
PICTURE_CAPS = f"video/x-raw,width={WIDTH},height={HEIGHT},framerate=30/1"
LOSSY = {"jpeg": 6, "webp": 6}  # mean difference of a channel, of 255
QUALITY = {"jpeg": 90, "webp": 85, "raw": None}  # ours by default; for PNG the number is the effort


def picture_of(sample):
    """A raw picture of GStreamer as one of Pillow: rows without their padding."""
    fields = sinktest.to_dict(sample.get_caps().get_structure(0))
    width, height, name = (fields[field] for field in ("width", "height", "format"))
    mode, channels = {"RGB": ("RGB", 3), "GRAY8": ("L", 1)}[name]
    return Image.frombuffer(mode, (width, height), sourcetest.bytes_of(sample.get_buffer()), "raw", mode,
                            (width * channels + 3) // 4 * 4, 1)


def test_pictures(mode, count):
    """Pictures of a test source, each another one."""
    pipeline = Gst.parse_launch(f"videotestsrc pattern=ball num-buffers={count} ! videoconvert ! "
                                f"{PICTURE_CAPS},format={mode} ! appsink name=out sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    pictures = [picture_of(pipeline.get_by_name("out").emit("pull-sample")) for _ in range(count)]
    pipeline.set_state(Gst.State.NULL)
    return pictures


def packed(picture, compression_format):
    if compression_format == "raw":
        return picture.tobytes()
    stream = io.BytesIO()
    picture.save(stream, compression_format.upper(), quality=90)
    return stream.getvalue()


def check_same(got, wanted, what, tolerance=0):
    tap.equal((got.mode, got.size), (wanted.mode, wanted.size), f"{what}: kind and size")
    difference = max(ImageStat.Stat(ImageChops.difference(got, wanted)).mean)
    tap.true(difference <= tolerance, f"{what}: its pixels differ by {difference}")


class OldSession:
    """A session as the old system recorded it: streams beside each other in one set of topics. streams: {stream id:
    (format, GStreamer's name of the pixels, quality, whether the shape has its channels)}"""

    def __init__(self, prefix, session, streams, orders=((REGISTRY, BINARY, METADATA),), partitions=(3, 3, 3), digits=19):
        for topic, count in zip((REGISTRY, BINARY, METADATA), partitions):
            t.kafka.create_topic(prefix + topic, count)
        self.prefix, self.session, self.streams = prefix, session, streams
        self.pictures = {stream: test_pictures(mode, FRAMES) for stream, (_, mode, _, _) in streams.items()}
        self.sent = {stream: [] for stream in streams}
        producers = [OldProducer(t.kafka.bootstrap, prefix, order) for order in orders]
        producer = itertools.cycle(producers)
        for i, (stream, (compression_format, mode, quality, full)) in itertools.product(range(FRAMES), streams.items()):
            data = packed(self.pictures[stream][i], compression_format)
            shape = [HEIGHT, WIDTH] + ([3 if mode == "RGB" else 1] if full else [])
            next(producer).frame(session, stream, i, (START + i * 33333333) // 10 ** (19 - digits), data,
                                 compression_format, quality, shape)
            self.sent[stream].append(data)
        for one in producers:
            one.flush()
            one.close()

    def check_read(self, stream, **properties):
        """kafkabinarysrc gives this stream: each frame once, in order, its bytes and its picture."""
        what = f"{self.prefix} {stream} {properties}"
        with sourcetest.Reading("kafkabinarysrc", t.kafka.bootstrap, self.prefix, **properties) as reading:
            samples = []
            while sample := reading.pull_sample():
                samples.append(sample)
            metas = [s.get_buffer().get_custom_meta("TribFrameMeta").get_structure() for s in samples]
            tap.equal([meta.get_uint64("index").value for meta in metas], list(range(FRAMES)), f"{what}: indexes")
            tap.equal({(meta.get_string("session"), meta.get_string("stream")) for meta in metas},
                      {(self.session, stream)}, f"{what}: session and stream")
            stats = reading.look()
            tap.equal((stats["pushed"], stats["missing"], stats["damaged"], stats["malformed"]), (FRAMES, 0, 0, 0), what)
            tap.equal(reading.messages_named("kafkabinarysrc-session"),
                      [{"session": self.session, "stream": stream}], f"{what}: messages of sessions")
            tap.equal(reading.complaints, [], f"{what}: warnings")
        for sample, wanted, sent in zip(samples, self.pictures[stream], self.sent[stream]):
            if self.streams[stream][0] == "raw":
                check_same(picture_of(sample), wanted, what)
            else:
                tap.equal(sourcetest.bytes_of(sample.get_buffer()), sent, f"{what}: bytes")


READ_BY = ("registry", "bytes")
RAW = {"slam_left": ("raw", "GRAY8", None, False), "slam_right": ("raw", "GRAY8", None, True),
       "rgb_of_the_front_camera": ("raw", "RGB", None, True)}
COMPRESSED = {"rgb": ("jpeg", "RGB", 90, True), "eye_tracking": ("png", "GRAY8", None, True),
              "slam_left": ("webp", "RGB", 85, True)}


@t.test("ARIA-40: one stream of the old producer, compressed or raw, with default settings in both read-by modes")
def _():
    for session, (stream, kind) in (("my_run", ("slam_left", ("jpeg", "RGB", 90, True))),
                                    ("run-2", ("slam_left", RAW["slam_left"])), ("raw_run_3", ("rgb", ("raw", "RGB", None, True)))):
        written = OldSession(f"one-{session}-", session, {stream: kind})
        written.check_read(stream)
        for read_by in READ_BY:
            written.check_read(stream, read_by=read_by)


@t.test("ARIA-40: streams of the old producer side by side, any of the three records first, topics of unequal size")
def _():
    orders = list(itertools.permutations((REGISTRY, BINARY, METADATA)))
    for prefix, streams in (("compressed-", COMPRESSED), ("raw-", RAW)):
        written = OldSession(prefix, "my_run_slam", streams, orders, (1, 3, 2))
        for stream, read_by in itertools.product(streams, READ_BY):
            written.check_read(stream, stream_id=stream, read_by=read_by)
        for selected, count in ((("--session", "my_run_slam"), len(streams)), ((), len(streams)),
                                *((("--stream", stream), 1) for stream in streams)):
            verdict = sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", prefix, *selected)
            tap.equal((verdict["unproven"], verdict["entries"], verdict["findings"]), (FRAMES * count,) * 2 + ({},), f"{selected}")
        # "my_run_slam" and "slam_left" are one text with "my_run_slam_slam" and "left"
        for selected in (("--session", "my_run_slam_slam"), ("--stream", "left"), ("--session", "my_run")):
            verdict = sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", prefix, *selected, status=1)
            tap.equal((verdict["entries"], list(verdict["findings"])), (0, ["nothing-to-verify"]), f"{selected}")


@t.test("ARIA-2, ARIA-40: times of 13 digits in frame ids of the old producer")
def _():
    written = OldSession("short-", "ms_run", {"slam_left": ("jpeg", "RGB", 90, True)}, digits=13)
    for read_by in READ_BY:
        written.check_read("slam_left", read_by=read_by)


@t.test("ARIA-40: a broker that stands still for longer than a missing frame is waited for")
def _():
    for stream, kind in (("slam_left", COMPRESSED["rgb"]), ("slam_right", RAW["slam_right"])):
        written = OldSession(f"slow-{stream}-", "slow_run", {stream: kind})
        for read_by in READ_BY:
            t.kafka.pause()
            threading.Timer(7, t.kafka.resume).start()
            written.check_read(stream, read_by=read_by)


STREAMS = [f"{name}-{mode}" for name in ("jpeg", "png", "webp", "raw") for mode in ("RGB", "GRAY8")]


def write_ours(prefix, mode):
    """A stream of each format and kind of pixels; returns {stream: bytes that were given to the sink}."""
    written = {}
    for stream in STREAMS:
        compression_format, pixels = stream.split("-")
        given = written[stream] = []

        def each_frame(_, info, given=given):
            given.append(sourcetest.bytes_of(info.get_buffer()))
            return Gst.PadProbeReturn.OK
        with sinktest.Run(f"videotestsrc pattern=ball num-buffers={FRAMES} ! videoconvert ! {PICTURE_CAPS},format={pixels} ! "
                          f"frameencodebin format={compression_format} session-id=our_run stream-id={stream} ! "
                          "kafkabinarysink name=sink", t.kafka.bootstrap, prefix, mode=mode) as run:
            run.sink.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, each_frame)
            run.play().wait_eos()
            stats, _ = run.stop()
            tap.equal((run.errors, run.complaints, stats["acknowledged"]), ([], [], FRAMES), stream)
    return written


def check_pictures(rows, stream, given):
    """rows: of one stream, as the old consumer found them."""
    compression_format, pixels = stream.split("-")
    tap.equal([row["frame_index"] for row in rows], list(range(FRAMES)), f"{stream}: indexes")
    for row, picture, data in zip(rows, test_pictures(pixels, FRAMES), given):
        if compression_format != "raw":
            tap.equal(row["data"], data, f"{stream}: bytes")
        # not every encoder has a form for grey pictures
        check_same(row["picture"].convert(picture.mode), picture, stream, LOSSY.get(compression_format, 0))
        tap.equal((row["image_width"], row["image_height"]), (WIDTH, HEIGHT), f"{stream}: size")
        tap.equal(row["compression_quality"], QUALITY.get(compression_format, row["compression_quality"]), f"{stream}: quality")


def check_ours(prefix, mode, read):
    """What the old consumer finds of what our sink wrote; yields (stream, row) of each frame."""
    written = write_ours(prefix, mode)
    frames = read(OldConsumer(t.kafka.bootstrap, prefix))
    tap.equal(len(frames), FRAMES * len(STREAMS), "frames")
    for stream, given in written.items():
        rows = sorted((f for f in frames if f["stream_id"] == stream), key=lambda f: f["frame_index"])
        check_pictures(rows, stream, given)
        for row in rows:
            yield stream, row


@t.test("ARIA-1, ARIA-40: the old consumer joins the three topics and finds our pictures, by the flat fields of compression")
def _():
    for stream, row in check_ours("ours-", "binary", OldConsumer.frames):
        tap.equal(row["frame_id"], f"our_run_{stream}_{row['frame_index']}_{row['capture_timestamp_ns']}", "frame id")
        tap.equal((row["session_id"], row["compression_format"], row["data_type"]),
                  ("our_run", stream.split("-")[0], "vrs_frame_binary"), "session, format and type")
        tap.equal((row["original_size"], row["compressed_size"], row["size_bytes"]),
                  (WIDTH * HEIGHT * row["channels"], len(row["data"]), len(row["data"])), f"{stream}: sizes")
        tap.true(abs(row["compression_ratio"] - row["compressed_size"] / row["original_size"]) < 1e-3, f"{stream}: ratio")


@t.test("ARIA-4, ARIA-40: the old consumer finds our pictures in the records of legacy mode")
def _():
    for stream, row in check_ours("legacy-", "legacy", OldConsumer.legacy_frames):
        tap.equal((row["stream_name"], row["original_size_bytes"]),
                  (stream, row["image_width"] * row["image_height"] * row["image_shape"][2]), "stream name, size")


@t.test("ARIA-40: sensor records of the old producer and ours are read by each other as they are")
def _():
    samples = [(("imu_right", "eye_gaze")[i % 2],
                {"sensor": ("imu_right", "eye_gaze")[i % 2], "timestamp_ns": START + i, "accel": [0.25 * i, -9.81, 1e-7],
                 "text": "\u00e4 \"quoted\"", "none": None}) for i in range(100)]
    t.kafka.create_topic("old-" + SENSORS, 3)
    producer = OldProducer(t.kafka.bootstrap, "old-")
    for key, sample in samples:
        producer.sensor(key, sample)
    producer.flush()
    producer.close()
    with sourcetest.Reading("kafkarecordsrc", t.kafka.bootstrap, "old-",
                            "tee name=tee ! queue ! appsink name=out sync=false tee. ! queue ! kafkarecordsink name=sink "
                            f"key-field=sensor topic-prefix=ours-too- drain-timeout-ms=120000 bootstrap-servers={t.kafka.bootstrap}") as reading:
        got = [json.loads(data) for data, _ in reading.pull_all()]
        tap.wait_until(lambda: reading.look() and reading.at_eos, 60, "EOS")
    for read in (got, [sample for _, sample in OldConsumer(t.kafka.bootstrap, "ours-too-").sensors()]):
        for key in ("imu_right", "eye_gaze"):
            tap.equal([one for one in read if one["sensor"] == key], [one for name, one in samples if name == key], key)
    tap.equal({(key, one["sensor"]) for key, one in OldConsumer(t.kafka.bootstrap, "ours-too-").sensors()},
              {("imu_right",) * 2, ("eye_gaze",) * 2}, "keys")


if __name__ == "__main__":
    sys.exit(sinktest.main(t, "aria-clients", partitions=3))
