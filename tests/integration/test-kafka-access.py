#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kafkabinarysink, the sources, tributary-kafka-verify and a broker with access control: it creates no topics,
asks for a password, speaks TLS."""

import json
import os
import subprocess
import sys
import tempfile

import confluent_kafka
import sinktest
import tap
from apache_kafka import free_port
from confluent_kafka import Producer
from sinktest import Gst

t = tap.Tap()
SECRET = "opensesame-4711"
WRONG = "wrong-password-0815"
THREE = (sinktest.METADATA, sinktest.BINARY, sinktest.REGISTRY)
SASL = "security.protocol=SASL_PLAINTEXT,sasl.mechanisms=PLAIN,sasl.username=camera,sasl.password="


def make_certificate(folder):
    """A self-signed certificate for 127.0.0.1 and its key, in the one file that Kafka wants."""
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    store = os.path.join(folder, "store.pem")
    with open(store, "w", encoding="ascii") as out:
        for part in (key, cert):
            with open(part, encoding="ascii") as text:
                out.write(text.read())
    return store, cert


def broker_settings(plain, controller, sasl, tls, store):
    return {
        "auto.create.topics.enable": "false",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{sasl},SSL://127.0.0.1:{tls},"
                     f"CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{sasl},SSL://127.0.0.1:{tls}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
        "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config":
            "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config":
            f'org.apache.kafka.common.security.plain.PlainLoginModule required user_camera="{SECRET}";',
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS", "allow.everyone.if.no.acl.found": "true",
        "ssl.keystore.type": "PEM", "ssl.keystore.location": store,
    }


def make_topics(prefix):
    for name in (*THREE, "vrs-frame-runs"):
        t.kafka.create_topic(prefix + name)


def send_some(run, count=20):
    run.play()
    for i in range(count):
        run.push(os.urandom(5000), pts=i * 33333333)


def finish(run, count=20):
    run.end()
    run.wait_eos()
    stats, _ = run.stop()
    tap.equal((stats["produced"], stats["acknowledged"]), (count, count), "produced, acknowledged")
    tap.equal((run.errors, run.losses), ([], []), "errors, losses")


@t.test("topics that do not exist and are not created: one warning that says what to do; then they are made (ARIA-5)")
def _():
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, "absent-") as run:
        send_some(run)
        run.wait(lambda _: any("absent-" in warning and "kafka-topics.sh --create" in warning for warning in run.warnings), "a warning")
        tap.equal((run.stats["pending"], run.stats["acknowledged"]), (20, 0), "pending, acknowledged")
        make_topics("absent-")
        run.wait(lambda stats: stats["acknowledged"] == 20, "frames to flow")
        finish(run)
        tap.equal(len(run.warnings), run.stats["outages"], f"one warning an outage: {run.warnings}")
    sinktest.Arrived(t.kafka.bootstrap, "absent-").check(range(20))


@t.test("a wrong password: a warning that says authentication; frames wait, and fail by name at the end (ARIA-5)")
def _():
    make_topics("wrong-")
    with sinktest.Run(sinktest.push_pipeline(), t.sasl, "wrong-", drain_timeout_ms=500,
                      producer_config=SASL + WRONG) as run:
        send_some(run)
        run.wait(lambda _: any("authentication" in warning.lower() for warning in run.warnings), "a warning")
        tap.equal(run.stats["acknowledged"], 0, "acknowledged")
        stats, _ = run.stop()
        tap.equal((stats["failed-purged"], run.lost()), (20, 20), "failed, and reported")
        shown = " ".join(run.warnings + [str(run.connections), str(run.losses)])
        tap.true(WRONG not in shown, f"the password in {shown}")
    tap.equal(sinktest.read_topic(t.kafka.bootstrap, "wrong-" + sinktest.BINARY), [], "records")


def send_with_password():
    """In a process of its own, where GST_DEBUG is set from the beginning."""
    bootstrap, prefix = sys.argv[2:]
    with sinktest.Run(sinktest.push_pipeline(), bootstrap, prefix, producer_config=SASL + SECRET) as run:
        send_some(run)
        finish(run)
        print(run.sink.get_property("producer-config").to_string())
    return 0


@t.test("the right password: frames arrive, and it is in no log, no property, no dot file")
def _():
    make_topics("right-")
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "debug.log")
        environment = dict(os.environ, GST_DEBUG="*:5", GST_DEBUG_FILE=log, GST_DEBUG_DUMP_DOT_DIR=folder)
        done = subprocess.run([sys.executable, __file__, "--send-with-password", t.sasl, "right-"], env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        tap.true(done.returncode == 0, f"status {done.returncode}: {done.stdout}")
        tap.true("camera" in done.stdout and r"\*\*\*" in done.stdout, f"the shown property: {done.stdout}")
        with open(log, encoding="utf-8", errors="replace") as text:
            lines = text.readlines()
        tap.true(any("kafkabinarysink" in line for line in lines), "the log has the element's lines")
        shown = [line for line in lines + done.stdout.splitlines() if SECRET in line]
        tap.equal(shown, [], "lines with the password")
    sinktest.Arrived(t.kafka.bootstrap, "right-").check(range(20))


@t.test("TLS with the certificate's authority named: frames arrive; without it, a warning")
def _():
    make_topics("tls-")
    with sinktest.Run(sinktest.push_pipeline(), t.tls, "tls-",
                      producer_config=f"security.protocol=SSL,ssl.ca.location={t.certificate}") as run:
        send_some(run)
        finish(run)
    sinktest.Arrived(t.kafka.bootstrap, "tls-").check(range(20))
    with sinktest.Run(sinktest.push_pipeline(), t.tls, "tls-", drain_timeout_ms=0,
                      producer_config="security.protocol=SSL") as run:
        send_some(run)
        run.wait(lambda _: any("certificate" in warning.lower() for warning in run.warnings), "a warning")


@t.test("a source whose right to read is taken away while it follows: an error that says so")
def _():
    for element, topic in (("kafkarecordsrc", "taken-mps-sensor-stream"), ("kafkabinarysrc", "taken-" + sinktest.BINARY)):
        t.kafka.create_topic(topic)
        producer = Producer({"bootstrap.servers": t.kafka.bootstrap, "log_level": 0})
        producer.produce(topic, b"{}")
        producer.flush(30)
        more = "read-by=bytes" if element == "kafkabinarysrc" else ""
        pipeline = Gst.parse_launch(f"{element} name=src bootstrap-servers={t.sasl} topic-prefix=taken- until=never {more} ! "
                                    "fakesink name=out async=false")
        value = Gst.Structure.from_string("consumer-config," + SASL + SECRET)[0]
        src = pipeline.get_by_name("src")
        src.set_property("consumer-config", value)
        pipeline.set_state(Gst.State.PLAYING)
        tap.wait_until(lambda src=src: sinktest.to_dict(src.get_property("stats"))["records-read"] == 1, 60, "the record")
        t.kafka.run_tool("org.apache.kafka.tools.AclCommand", "--bootstrap-server", t.kafka.bootstrap, "--add",
                         "--deny-principal", "User:camera", "--operation", "Read", "--topic", topic)
        seconds = int(60 * tap.PATIENCE)
        message = pipeline.get_bus().timed_pop_filtered(seconds * Gst.SECOND, Gst.MessageType.ERROR)
        pipeline.set_state(Gst.State.NULL)
        tap.true(message is not None, "an error")
        error, _ = message.parse_error()
        tap.true(error.matches(Gst.ResourceError.quark(), Gst.ResourceError.NOT_AUTHORIZED) and topic in error.message,
                 f"what it says: {error.message}")


def write_some(prefix, count=20):
    make_topics(prefix)
    with sinktest.Run(sinktest.push_pipeline(), t.kafka.bootstrap, prefix) as run:
        send_some(run, count)
        finish(run, count)


def verify(bootstrap, *arguments, status=0, secrets=(SECRET, WRONG)):
    """tributary-kafka-verify ends with this status and shows none of the secrets; returns its JSON and what else it
    said."""
    done = subprocess.run([sinktest.verifier(), "-b", bootstrap, "--json", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                          timeout=60 * tap.PATIENCE, check=False)
    for secret in secrets:
        tap.true(secret not in done.stdout + done.stderr, f"{secret} in {done.stdout} {done.stderr}")
    tap.equal(done.returncode, status, f"exit status; {done.stdout[-2000:]} {done.stderr[-2000:]}")
    return json.loads(done.stdout), done.stderr


def config_file(folder, text):
    path = os.path.join(folder, "client.conf")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, 0o600)
    return path


PASSWORD_FILE = """# for the tests
security.protocol = SASL_PLAINTEXT
sasl.mechanisms=PLAIN

  sasl.username=camera
sasl.password = %s
"""


@t.test("verifier, password in a file: clean; nothing shows it, also when the client talks about everything")
def _():
    write_some("v-right-")
    with tempfile.TemporaryDirectory() as folder:
        path = config_file(folder, PASSWORD_FILE % SECRET)
        verdict, _ = verify(t.sasl, "-F", path, "--topic-prefix", "v-right-")
        tap.equal((verdict["verdict"], verdict["proven"]), ("clean", 20), "verdict, proven")
        _, said = verify(t.sasl, "--client-config", path, "--topic-prefix", "v-right-", "-X", "debug=all")
        tap.true("SaslHandshakeRequest" in said, "the client's debug lines are there")
        # an option of the command line comes after the file's
        verify(t.sasl, "-F", path, "-X", "sasl.password=" + WRONG, "--topic-prefix", "v-right-", "--timeout-ms", "2000",
               status=2)


def launch(*pipeline):
    """gst-launch-1.0 in a process of its own, as docs/security.md has it; returns its exit status and all that it said."""
    done = subprocess.run(["gst-launch-1.0", "-m", *" ".join(pipeline).split()], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60 * tap.PATIENCE,
                          env={**os.environ, "GST_DEBUG": "*:4"})
    return done.returncode, done.stdout


@t.test("options in a file: a sink writes, a source reads, the verifier proves; the password is nowhere in the logs")
def _():
    make_topics("file-")
    with tempfile.TemporaryDirectory() as folder:
        path = config_file(folder, PASSWORD_FILE % SECRET)
        common = f"bootstrap-servers={t.sasl} config-file={path} topic-prefix=file-"
        status, said = launch("videotestsrc num-buffers=20 ! jpegenc ! kafkabinarysink", common)
        tap.equal(status, 0, said[-2000:])
        tap.true(SECRET not in said, "the password is in the log of the sink")
        status, said = launch("kafkabinarysrc", common, "! fakesink")
        tap.equal(status, 0, said[-2000:])
        tap.true(SECRET not in said, "the password is in the log of the source")
        verdict, _ = verify(t.sasl, "-F", path, "--topic-prefix", "file-")
        tap.equal(verdict["proven"], 20, "proven")


def grant(prefix, *operations):
    """An access list entry as docs/security.md has it."""
    t.kafka.run_tool("org.apache.kafka.tools.AclCommand", "--bootstrap-server", t.kafka.bootstrap, "--add",
                     "--allow-principal", "User:camera", *(word for name in operations for word in ("--operation", name)),
                     "--topic", prefix, "--resource-pattern-type", "prefixed")


@t.test("access lists: what docs/security.md names is enough to write, and to read and to verify")
def _():
    make_topics("acl-")
    with tempfile.TemporaryDirectory() as folder:
        path = config_file(folder, PASSWORD_FILE % SECRET)
        common = f"bootstrap-servers={t.sasl} config-file={path} topic-prefix=acl-"
        grant("acl-", "Write", "DescribeConfigs")
        status, said = launch("videotestsrc num-buffers=20 ! jpegenc ! kafkabinarysink", common)
        tap.equal(status, 0, said[-2000:])
        _, said = verify(t.sasl, "-F", path, "--topic-prefix", "acl-", "--timeout-ms", "3000", status=2)
        grant("acl-", "Read")
        verdict, _ = verify(t.sasl, "-F", path, "--topic-prefix", "acl-")
        tap.equal(verdict["proven"], 20, "proven")
        status, said = launch("kafkabinarysrc", common, "! fakesink")
        tap.equal(status, 0, said[-2000:])


@t.test("SCRAM with the right password: clean, or of librdkafka before 2.6.1 refused, which is said at the start")
def _():
    write_some("scram-")
    t.kafka.run_tool("kafka.admin.ConfigCommand", "--bootstrap-server", t.kafka.bootstrap, "--alter", "--entity-type", "users",
                     "--entity-name", "camera", "--add-config", f"SCRAM-SHA-256=[password={SECRET}]")
    with tempfile.TemporaryDirectory() as folder:
        path = config_file(folder, (PASSWORD_FILE % SECRET).replace("PLAIN\n", "SCRAM-SHA-256\n"))
        old = confluent_kafka.libversion()[1] < 0x02060100
        verdict, said = verify(t.sasl, "-F", path, "--topic-prefix", "scram-", "--timeout-ms", "3000", status=2 if old else 0)
        tap.equal("warning: SCRAM" in said, old, said)
        if not old:
            tap.equal(verdict["proven"], 20, "proven")


@t.test("verifier, wrong password or none: status 2, the reason, no secret")
def _():
    with tempfile.TemporaryDirectory() as folder:
        path = config_file(folder, PASSWORD_FILE % WRONG)
        verdict, said = verify(t.sasl, "-F", path, "--topic-prefix", "v-right-", "--timeout-ms", "2000", status=2)
        tap.true("authentication" in said.lower() and verdict["message"] in said, said)
        tap.equal(len(said.splitlines()), 1, f"lines of standard error: {said}")
    _, said = verify(t.sasl, "--topic-prefix", "v-right-", "--timeout-ms", "2000", status=2)
    tap.true("no answer" in said, said)


@t.test("verifier, files that are none: status 2, file and line named, nothing of them shown")
def _():
    with tempfile.TemporaryDirectory() as folder:
        absent = os.path.join(folder, "absent.conf")
        _, said = verify(t.sasl, "-F", absent, status=2)
        tap.true("absent.conf" in said, said)
        cases = [("sasl.password " + SECRET, "client.conf, line 1"), ("\n\n=" + SECRET, "client.conf, line 3"),
                 ("a=b\0" + SECRET, "text file"), (SECRET * 20000, "256 KiB"),
                 ("debug=" + SECRET, '"debug"'), ("bootstrap.servers=" + SECRET, '"bootstrap.servers"'),
                 ("no.such.option=" + SECRET, '"no.such.option"')]
        for text, words in cases:
            _, said = verify(t.sasl, "-F", config_file(folder, text), status=2)
            tap.true(words in said, f"{words!r} is not in {said!r}")
        # the client quotes what it does not understand of this one
        path = config_file(folder, "security.protocol=SASL_PLAINTEXT\nsasl.mechanisms=OAUTHBEARER\n"
                           "enable.sasl.oauthbearer.unsecure.jwt=true\n"
                           f"sasl.oauthbearer.config=principal=camera strange={SECRET}\n")
        _, said = verify(t.sasl, "-F", path, "--timeout-ms", "1000", status=2)
        tap.true("oauthbearer" in said.lower() and "***" in said, said)


@t.test("verifier, TLS: with the certificate's authority clean, without it the reason")
def _():
    write_some("v-tls-")
    verdict, _ = verify(t.tls, "-X", "security.protocol=SSL", "-X", f"ssl.ca.location={t.certificate}",
                        "--topic-prefix", "v-tls-")
    tap.equal((verdict["verdict"], verdict["proven"]), ("clean", 20), "verdict, proven")
    _, said = verify(t.tls, "-X", "security.protocol=SSL", "--topic-prefix", "v-tls-", "--timeout-ms", "2000", status=2)
    tap.true("certificate" in said.lower(), said)
    _, said = verify(t.tls, "-X", "security.protocol=SSL", "-X", "ssl.key.password=" + SECRET,
                     "-X", f"ssl.key.location={t.certificate}", status=2)
    tap.true("ssl.key.location" in said, said)


def main():
    ports = plain, _, sasl, tls = [free_port() for _ in range(4)]
    with tempfile.TemporaryDirectory() as folder:
        store, t.certificate = make_certificate(folder)
        t.sasl, t.tls = f"127.0.0.1:{sasl}", f"127.0.0.1:{tls}"
        return sinktest.main(t, "kafka-access", port=plain, settings=broker_settings(*ports, store))


if __name__ == "__main__":
    sys.exit(send_with_password() if sys.argv[1:2] == ["--send-with-password"] else main())
