#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What idempotence costs kafkabinarysink: frames of 200 KB to Apache Kafka, directly and over a line of 5 ms round trip
(delay-proxy), with idempotence, with it and one request in flight, and without. Medians of rounds that alternate; one JSON
line for each setting and round trip, "peer" being the setting without idempotence of the same run.

    bench-idempotence.py BENCH_KAFKABINARYSINK DELAY_PROXY
"""

import json
import os
import statistics
import subprocess
import sys

from apache_kafka import ApacheKafka, free_port

FRAME_BYTES = 200000
ROUNDS = 5
RTT_MS = (0, 5)
WITHOUT = "enable.idempotence=false"
SETTINGS = (("idempotence, 5 requests in flight", ()), ("idempotence, 1 request in flight", ("max.in.flight=1",)),
            ("no idempotence, 5 requests in flight", (WITHOUT, "max.in.flight=5")),
            ("no idempotence, 1 request in flight", (WITHOUT, "max.in.flight=1")))
PEER = SETTINGS[2][0]


def measure(program, bootstrap, options):
    command = [program, "--bytes", str(FRAME_BYTES), "--rounds", "1"]
    command += [word for option in options for word in ("--set", option)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True,
                          env=dict(os.environ, KAFKA_BOOTSTRAP=bootstrap))
    return json.loads(done.stdout.splitlines()[-1])


def measure_all(program, bootstrap):
    found = {name: [] for name, _ in SETTINGS}
    for _ in range(ROUNDS):
        for name, options in SETTINGS:
            found[name].append(measure(program, bootstrap, options))
    return {name: {key: statistics.median(line[key] for line in lines) for key in ("mb_per_s", "cpu_s_per_gb")}
            for name, lines in found.items()}


def main(program, proxy):
    port = free_port()
    with ApacheKafka(name="bench-idempotence", settings={
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}", "file.delete.delay.ms": "200"}) as kafka:
        for rtt in RTT_MS:
            line = subprocess.Popen([proxy, str(port), str(kafka.port), str(rtt * 500)], stdin=subprocess.PIPE)
            try:
                found = measure_all(program, f"127.0.0.1:{port}")
            finally:
                line.stdin.close()
                line.wait()
            for name, values in found.items():
                print(json.dumps({
                    "bench": "idempotence", "broker": "apache-kafka", "frame_bytes": FRAME_BYTES, "rtt_ms": rtt,
                    "setting": name, **values, "peer": PEER, "peer_mb_per_s": found[PEER]["mb_per_s"],
                    "peer_cpu_s_per_gb": found[PEER]["cpu_s_per_gb"],
                    "ratio": round(values["mb_per_s"] / found[PEER]["mb_per_s"], 3)}), flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
