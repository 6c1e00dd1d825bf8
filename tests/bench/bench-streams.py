#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One, two, four and eight streams into one Apache Kafka from one process, at full speed: sinks of equal settings, which share a
client, and, as the peer of the same run, sinks whose client.id differs, so that each has its own. The same number of bytes in
all. Medians of rounds that alternate; one JSON line for each size and number of streams."""

import json
import resource
import statistics
import sys
import time

import sinktest
from apache_kafka import ApacheKafka
from gi.repository import Gst

SIZES = (50000, 200000)
STREAMS = (1, 2, 4, 8)
ROUND_BYTES = 320_000_000
ROUNDS = 3
PARTITIONS = 8


def describe(bootstrap, prefix, streams, size, apart):
    frames = ROUND_BYTES // size // streams
    branch = (f"fakesrc sizetype=fixed sizemax={size} filltype=nothing num-buffers={frames} ! "
              "image/jpeg,width=1920,height=1080 ! kafkabinarysink async=false session-id=bench "
              f"bootstrap-servers={bootstrap} topic-prefix={prefix} stream-id=camera-{{}}")
    own = " producer-config=\"options,client.id=camera-{}\"" if apart else ""
    return " ".join((branch + own).format(*[i] * (2 if apart else 1)) for i in range(streams))


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def run(kafka, prefix, streams, size, apart):
    pipeline = Gst.parse_launch(describe(kafka.bootstrap, prefix, streams, size, apart))
    seconds, processor = -time.monotonic(), -processor_seconds()
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(300 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    seconds, processor = seconds + time.monotonic(), processor + processor_seconds()
    sent = sum(sinktest.to_dict(sink.get_property("stats"))["acknowledged"] for sink in pipeline.iterate_sinks())
    pipeline.set_state(Gst.State.NULL)
    if message is None or message.type != Gst.MessageType.EOS or sent != ROUND_BYTES // size // streams * streams:
        raise SystemExit(f"{sent} frames arrived: {message and message.type}")
    return {"frames_per_s": sent / seconds, "frames_per_cpu_s": sent / processor}


def fresh_topics(kafka, prefix):
    for topic in sinktest.TOPICS[:3]:
        kafka.create_topic(prefix + topic, PARTITIONS)
    return prefix


def main():
    rounds = 0
    with ApacheKafka(name="bench-streams", settings={"log.retention.bytes": "0", "log.segment.bytes": "16777216",
                                                     "log.retention.check.interval.ms": "1000",
                                                     "file.delete.delay.ms": "200"}) as kafka:
        run(kafka, fresh_topics(kafka, "warm-up-"), 1, SIZES[-1], False)
        for size in SIZES:
            for streams in STREAMS:
                found = ([], [])
                for _ in range(ROUNDS):
                    for apart in (False, True):
                        rounds += 1
                        found[apart].append(run(kafka, fresh_topics(kafka, f"round-{rounds}-"), streams, size, apart))
                shared, own = ({key: round(statistics.median(line[key] for line in lines), 1) for key in lines[0]}
                               for lines in found)
                print(json.dumps({"bench": "streams", "broker": "apache-kafka", "frame_bytes": size, "streams": streams,
                                  **shared, "peer": "a client for each sink",
                                  **{"peer_" + key: value for key, value in own.items()},
                                  "ratio": round(shared["frames_per_s"] / own["frames_per_s"], 3)}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
