#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kafkabinarysink and a real broker whose answers are lost after it wrote what it was asked for, or that answers slowly
because of a quota. With idempotence (the default) nothing is there twice; without, what is there twice is counted and
named. In-process brokers cannot show this: librdkafka's mock cluster does not look at sequence numbers."""

import os
import sys
import time

import lossy_proxy
import sinktest
import tap
from apache_kafka import free_port

t = tap.Tap()
THREE = (sinktest.METADATA, sinktest.BINARY, sinktest.REGISTRY)
FRAMES = 60
QUOTA = 200_000  # bytes/s


def copies(prefix):
    """Records beyond the first of their key, by topic."""
    found = {}
    for name in THREE:
        keys = [record.key for record in sinktest.read_topic(t.kafka.bootstrap, prefix + name)]
        found[name] = len(keys) - len(set(keys))
    return found


def send_over_lossy_line(prefix, config):
    for name in THREE:
        t.kafka.create_topic(prefix + name)
    with sinktest.Run(sinktest.push_pipeline(), f"127.0.0.1:{t.proxy.port}", prefix, partition_by="frame",
                      **({"producer_config": config} if config else {})) as run:
        run.play()
        lost_before, t.proxy.lose_every = t.proxy.lost, 4
        for i in range(FRAMES):
            run.push(os.urandom(5000), pts=i * 33333333)
            if i % 5 == 4:  # so that there are many requests and not one large one
                run.wait(lambda stats, n=i + 1: stats["acknowledged"] == n, f"{i + 1} frames", timeout=60)
        t.proxy.lose_every = 0
        lost = t.proxy.lost - lost_before
        run.end()
        run.wait_eos()
        stats, _ = run.stop()
    t.diag(f"{lost} answers were lost")
    tap.true(lost >= 10, f"{lost} answers were lost")
    tap.equal((stats["produced"], stats["acknowledged"]), (FRAMES, FRAMES), "produced, acknowledged")
    tap.equal((run.errors, run.losses), ([], []), "errors, losses")


@t.test("answers lost after the records were written, idempotent: every frame once, no copy anywhere")
def _():
    send_over_lossy_line("sure-", None)
    tap.equal(copies("sure-"), dict.fromkeys(THREE, 0), "copies")
    sinktest.Arrived(t.kafka.bootstrap, "sure-").check(range(FRAMES))
    verdict = sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", "sure-")
    tap.equal((verdict["verdict"], verdict["proven"], verdict["duplicates"]), ("clean", FRAMES, 0), "the verdict")


@t.test("the same without idempotence: every frame is there, each copy is counted and named as a duplicate, nothing else")
def _():
    send_over_lossy_line("twice-", "enable.idempotence=false")
    found = copies("twice-")
    t.diag(f"copies: {found}")
    tap.true(sum(found.values()) > 0, f"copies {found}")
    verdict = sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", "twice-", status=1)
    tap.equal((verdict["entries"], verdict["proven"]), (FRAMES, FRAMES), "entries, proven")
    tap.equal(verdict["duplicates"], sum(found.values()), "duplicates")
    named = {f"duplicate-{kind}": found[name] for kind, name in
             zip(("metadata", "bytes", "registry"), THREE) if found[name]}
    tap.equal({kind: finding["count"] for kind, finding in verdict["findings"].items()}, named, "findings")


@t.test("a quota that the frames exceed: the broker answers slowly; every frame once, none lost")
def _():
    for name in THREE:
        t.kafka.create_topic("quota-" + name)
    t.kafka.run_tool("kafka.admin.ConfigCommand", "--bootstrap-server", t.kafka.bootstrap, "--alter", "--entity-type",
                     "clients", "--entity-default", "--add-config", f"producer_byte_rate={QUOTA}")
    started, count = time.monotonic(), 80
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, "quota-") as run:
        run.play()
        for i in range(count):
            run.push(os.urandom(20000), pts=i * 33333333)
        run.wait(lambda stats: stats["acknowledged"] == count, "all frames", timeout=120)
        seconds = time.monotonic() - started
        run.end()
        run.wait_eos()
        stats, _ = run.stop()
    t.diag(f"{count * 20000 / seconds:.0f} bytes/s with a quota of {QUOTA}; states {[c['state'] for c in run.connections]}")
    # the broker's window lets two seconds' worth pass at once
    tap.true(seconds > 2, f"the quota did not hold: {seconds:.1f} s")
    tap.equal((stats["acknowledged"], stats["failed"]), (count, 0), "acknowledged, failed")
    sinktest.Arrived(t.kafka.bootstrap, "quota-").check(range(count))
    sinktest.check_verifier(t.kafka.bootstrap, "--topic-prefix", "quota-")


def main():
    plain, controller, behind = free_port(), free_port(), free_port()
    with lossy_proxy.LossyProxy(behind) as proxy:
        t.proxy = proxy
        return sinktest.main(t, "kafkabinarysink-lost-answers", port=plain, settings={
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{plain},LOSSY://127.0.0.1:{behind},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{plain},LOSSY://127.0.0.1:{proxy.port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,LOSSY:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "quota.window.num": 2, "quota.window.size.seconds": 1})


if __name__ == "__main__":
    sys.exit(main())
