#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One to sixteen sinks of equal settings in one process, into one Apache Kafka: at full speed (frames a second, processor time,
peak memory) and at 30 frames a second each (peak memory, threads). The same number of bytes in all; the peer is one sink of
the same rounds. Each run is a process of its own. Medians of rounds that alternate; one JSON line for each number of sinks.

BENCH_OTHER_BUILD names another build folder, whose plugins alternate with those of this one.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time

import sinktest
from apache_kafka import ApacheKafka
from gi.repository import Gst

FRAME_BYTES = int(os.environ.get("BENCH_FRAME_BYTES", "50000"))
SINKS = (1, 2, 4, 8, 16)
ROUND_BYTES = 160_000_000
CAMERA_FRAMES = 90
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
PARTITIONS = 8


def describe(bootstrap, prefix, sinks, full_speed):
    frames = ROUND_BYTES // FRAME_BYTES // sinks if full_speed else CAMERA_FRAMES
    branch = (f"fakesrc sizetype=fixed sizemax={FRAME_BYTES} filltype=zero num-buffers={frames} format=time "
              f"datarate={FRAME_BYTES * 30} ! image/jpeg,width=1920,height=1080 ! kafkabinarysink async=false "
              f"sync={'false' if full_speed else 'true'} session-id=bench drain-timeout-ms=300000 "
              f"bootstrap-servers={bootstrap} topic-prefix={prefix} stream-id=camera-")
    return " ".join(f"{branch}{i}" for i in range(sinks)), frames * sinks


def run(bootstrap, prefix, sinks, full_speed):
    """In a process of its own: prints what it measured."""
    line, frames = describe(bootstrap, prefix, sinks, full_speed)
    pipeline = Gst.parse_launch(line)
    seconds, processor = -time.monotonic(), -time.process_time()
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(300 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    seconds, processor = seconds + time.monotonic(), processor + time.process_time()
    threads = len(os.listdir("/proc/self/task"))
    sent = sum(sinktest.to_dict(sink.get_property("stats"))["acknowledged"] for sink in pipeline.iterate_sinks())
    pipeline.set_state(Gst.State.NULL)
    if message is None or message.type != Gst.MessageType.EOS or sent != frames:
        raise SystemExit(f"{sent} of {frames} frames arrived: {message and message.type}")
    print(json.dumps({"frames_per_s": frames / seconds, "frames_per_cpu_s": frames / processor, "threads": threads,
                      "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def measure(kafka, build, prefix, sinks, full_speed):
    for topic in sinktest.TOPICS[:3]:
        kafka.create_topic(prefix + topic, PARTITIONS)
    environment = dict(os.environ)
    if build:
        plugins = os.path.join(os.path.abspath(build), "plugins")
        # the names with a version win over those without
        environment["GST_PLUGIN_PATH_1_0"] = plugins
        environment["GST_REGISTRY_1_0"] = os.path.join(os.path.abspath(build), "bench-streams-registry.bin")
    done = subprocess.run([sys.executable, __file__, "run", kafka.bootstrap, prefix, str(sinks), str(int(full_speed))],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def median(lines, key):
    return round(statistics.median(line[key] for line in lines), 1)


def main():
    builds = [None] + [build for build in [os.environ.get("BENCH_OTHER_BUILD")] if build]
    found = {}
    with ApacheKafka(name="bench-streams", settings={"log.retention.bytes": "0", "log.segment.bytes": "16777216",
                                                     "log.retention.check.interval.ms": "1000",
                                                     "file.delete.delay.ms": "200",
                                                     "broker.session.timeout.ms": "60000"}) as kafka:
        measure(kafka, None, "warm-up-", 1, True)
        for number in range(ROUNDS):
            for sinks in SINKS:
                for build in builds:
                    for full_speed in (True, False):
                        prefix = f"round-{number}-{sinks}-{builds.index(build)}-{int(full_speed)}-"
                        found.setdefault((build, sinks, full_speed), []).append(
                            measure(kafka, build, prefix, sinks, full_speed))
    for build in builds:
        for sinks in SINKS:
            fast, camera, one = found[build, sinks, True], found[build, sinks, False], found[build, 1, True]
            print(json.dumps({"bench": "streams", "broker": "apache-kafka", "build": build or "this",
                              "frame_bytes": FRAME_BYTES, "sinks": sinks, "frames_per_s": median(fast, "frames_per_s"),
                              "frames_per_cpu_s": median(fast, "frames_per_cpu_s"),
                              "peak_rss_mib": median(fast, "peak_rss_mib"),
                              "camera_peak_rss_mib": median(camera, "peak_rss_mib"),
                              "camera_threads": median(camera, "threads"),
                              "camera_frames_per_cpu_s": median(camera, "frames_per_cpu_s"), "peer": "one sink",
                              "ratio": round(median(fast, "frames_per_s") / median(one, "frames_per_s"), 3)}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        run(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5] == "1")
    else:
        sys.exit(main())
