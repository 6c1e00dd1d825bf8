#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/schemas against what pipelines really write, and against what the readers refuse."""

import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile

import tap

sys.dont_write_bytecode = True
t = tap.Tap()
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
VIDEO = "videotestsrc num-buffers=20 pattern=ball ! video/x-raw,width=320,height=240,framerate=30/1"

try:
    import jsonschema
except ImportError as why:
    print(f"1..0 # SKIP {why} (Debian package: python3-jsonschema)")
    sys.exit()


def validator(name):
    with open(os.path.join(ROOT, "docs", "schemas", f"{name}.schema.json"), encoding="utf-8") as stream:
        schema = json.load(stream)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


RECORD = validator("records")


def launch(line):
    done = subprocess.run(["gst-launch-1.0", "-q", *shlex.split(line)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, timeout=60 * tap.PATIENCE)
    tap.equal(done.returncode, 0, f"status of {line}: {done.stderr}")
    return done.stdout


def lines_of(path):
    with open(path, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def hold(records, schema=RECORD):
    """Each is held to the schema; returns them."""
    tap.true(records, "records")
    for record in records:
        errors = [f"{error.json_path}: {error.message}" for error in schema.iter_errors(record)]
        tap.equal(errors, [], f"{record}")
    return records


def word_of(record):
    return record.get("record_type") or record.get("kind") or record.get("type")


@t.test("observations, fused records, trace lines and the log of arrivals of a pipeline (OBS-1, OBS-5, OBS-6)")
def _():
    with tempfile.TemporaryDirectory() as folder:
        launch(f"{VIDEO} ! framestamp ! extractorbin name=x trace-level=verbose trace-location={folder}/trace "
               "branches='quality=qualityextract; motion=motioncells display=false; late[timeout-ms=1]=identity sleep-time=20000 ! qualityextract' "
               f"x.src ! fakesink x.obs ! tee name=t ! queue ! ndjsonenc ! filesink location={folder}/obs "
               f"t. ! queue ! obsaligner trace-level=verbose trace-location={folder}/aligner records={folder}/log "
               f"! ndjsonenc ! filesink location={folder}/fused")
        kinds = {word_of(record) for record in hold(lines_of(f"{folder}/obs"))}
        tap.true({"quality", "empty"} <= kinds, f"kinds of observations: {kinds}")
        tap.equal({record["type"] for record in hold(lines_of(f"{folder}/fused"))}, {"fused"}, "fused records")
        for record in lines_of(f"{folder}/fused"):
            answers = [a for have in record["have"].values() for a in (have if isinstance(have, list) else [have])]
            hold([dict(answer, source=answer.get("source", "x")) for answer in answers] or [record])
        kinds = {word_of(record) for record in hold(lines_of(f"{folder}/trace") + lines_of(f"{folder}/aligner"))}
        tap.true({"timing", "frame_drop"} <= kinds, f"kinds of trace lines: {kinds}")
        # lines about decisions are no records
        hold([record for record in lines_of(f"{folder}/log") if "ev" not in record])


@t.test("records made of text forms (OBS-10)")
def _():
    with tempfile.TemporaryDirectory() as folder:
        sent = [b"OBS src=face frame=7 t_ns=5 faces=1 f0=id:0,conf:0.950,x:0.1000,y:0.1000,w:0.2000,h:0.2000,expr:0.800,yaw:1.0",
                b"OBS src=pose frame=7 t_ns=5 poses=1 p0=id:0,conf:0.900,hr:1,hw:0,wc:2",
                b"OBS src=quality frame=7 t_ns=5 blur:712.6,bright:119.9,contrast:0.525,gate:1",
                b"TRIG label=wave t_start_ns=0 t_end_ns=9 faces=1 score=0.850 reason=hands",
                b'{"source":"face","frame_id":7,"t_ns":5,"signals":{"smile":0.5},"metadata":{}}']
        receiver = subprocess.Popen(["gst-launch-1.0", "-q", "obssrc", f"location={folder}/s", "socket-type=datagram", "format=text",
                                     f"num-buffers={len(sent)}", "!", "ndjsonenc", "!", "fdsink"], stdout=subprocess.PIPE, text=True)
        tap.wait_until(lambda: os.path.exists(f"{folder}/s"), what="the socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            for text in sent:
                out.sendto(text, f"{folder}/s")
        got = receiver.communicate(timeout=60 * tap.PATIENCE)[0]
        tap.equal(len(hold([json.loads(line) for line in got.splitlines()])), len(sent), "records")


@t.test("the records in launch-lines")
def _():
    for name in ("observation/frames.ndjson", "record/observations.ndjson"):
        hold(lines_of(os.path.join(ROOT, "launch-lines", name)))


@t.test("metadata and registry entries of frames in Kafka (ARIA-2, ARIA-3)")
def _():
    for form in ("jpeg", "png", "raw"):
        with tempfile.TemporaryDirectory() as folder:
            launch(f"{VIDEO} ! frameencodebin format={form} ! kafkabinarysink bootstrap-servers=in-process " + " ".join(
                f"kafkarecordsrc bootstrap-servers=in-process topic={topic} until=never num-buffers=20 ! application/json "
                f"! ndjsonenc ! filesink async=false location={folder}/{topic}" for topic in ("vrs-metadata-stream", "vrs-frame-registry")))
            for topic, schema in (("vrs-metadata-stream", "kafka-metadata"), ("vrs-frame-registry", "kafka-registry")):
                got = hold(lines_of(f"{folder}/{topic}"), validator(schema))
                tap.equal(len(got), 20, f"values of {topic}")
                for name in validator(schema).schema["required"]:
                    bad = {key: value for key, value in got[0].items() if key != name}
                    tap.true(not validator(schema).is_valid(bad), f"{topic} without {name} is refused")


@t.test("what the readers refuse, the schema refuses; what they accept, it accepts")
def _():
    base = {"type": "face", "frame_id": 7, "t_ns": 5}
    good = [base, {**base, "frame_id": 2**64 - 1, "t_ns": -2**63}, {"source": "x", "t_ns": 0}, {**base, "session": None}, {**base, "kind": "empty"},
            {"now_ns": 5}, {**base, "whatever": [1, {}]}, {"record_type": "timing", "frame_id": 1, "component": "x", "processing_ms": 0.5}]
    bad = [{}, {"type": "face"}, {"frame_id": 7, "t_ns": 5}, {**base, "frame_id": -1}, {**base, "frame_id": 1.5}, {**base, "frame_id": "7"},
           {**base, "t_ns": 2**63}, {**base, "session": 5}, {**base, "type": "fused"}, {**base, "width": -1}, {**base, "late": 1},
           {"record_type": "timing", "frame_id": 1}, {"type": "trig", "t_start_ns": 0}, {**base, "kind": "bound", "t_ns": None}]
    hold(good)
    for record in bad:
        tap.true(not RECORD.is_valid(record), f"{record} is refused by the schema")
    for records, wanted in ((good, len(good)), (bad, 0)):
        with tempfile.TemporaryDirectory() as folder:
            location = f"{folder}/s"
            receiver = subprocess.Popen(["gst-launch-1.0", "-q", "obssrc", f"location={location}", "socket-type=datagram",
                                         "!", "ndjsonenc", "!", "fdsink"], stdout=subprocess.PIPE, text=True)
            tap.wait_until(lambda: os.path.exists(location), what="the socket")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                # obssrc takes records of sources, no clock lines
                for record in [r for r in records if "now_ns" not in r] + [dict(base, frame_id=99)]:
                    out.sendto(json.dumps(record).encode(), location)
            got = 0
            for line in receiver.stdout:
                if json.loads(line).get("frame_id") == 99:
                    break
                got += 1
            receiver.kill()
            receiver.communicate()
            tap.equal(got, max(0, wanted - 1), "records that obssrc accepted")


sys.exit(t.run())
