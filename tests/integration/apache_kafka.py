#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real Apache Kafka on free ports of this machine: one node, KRaft mode, the version that pom.xml pins, or another one
that is asked for (TRIB_KAFKA_VERSION=3.9.1 in the environment of a test, version= of one broker, --kafka-version below).

In a test:

    with ApacheKafka(name="sigkill", partitions=3) as kafka:
        produce(kafka.bootstrap)
        kafka.sigkill()
        kafka.start()               # same port, same data

As a command:

    tests/integration/apache_kafka.py run [--port PORT]     prints the address, runs until Ctrl-C
    tests/integration/apache_kafka.py exec -- CMD ARGS      runs CMD with KAFKA_BOOTSTRAP in its environment

The jars come from Maven once, into build/kafka/libs (of another version: libs-VERSION). The broker's log stays in
build/kafka/logs; on a failure inside `with` its end is printed. KafkaUnavailable says why there can be no broker here: a
test skips with that text.
"""

import argparse
import contextlib
import ctypes
import fcntl
import glob
import hashlib
import itertools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(os.environ.get("TRIB_BUILD_ROOT", os.path.join(ROOT, "build")), "kafka")
PORTS = os.path.join(BUILD, "ports")
VERSION = os.environ.get("TRIB_KAFKA_VERSION")  # None: the one that pom.xml pins
TIMEOUT_MULTIPLIER = float(os.environ.get("TRIB_TIMEOUT_MULTIPLIER", "1"))
START_SECONDS = 180
STOP_SECONDS = 20
MAVEN_SECONDS = 600
LOG_TAIL_LINES = 60
PR_SET_PDEATHSIG = 1

_instances = itertools.count(1)
_given_ports = {}  # port: its open file below PORTS, locked as long as this process lives


class KafkaUnavailable(Exception):
    """No broker can run on this machine; the text says why."""


class KafkaFailed(Exception):
    """The broker should run and does not."""


def free_port():
    """A port of 127.0.0.1 that is free now and stays so: below the range that outgoing connections take theirs from.
    A client that knocks on a dead broker's port from that range may connect to itself and keep the port.
    No other process is given it while this one lives: the tests beside it find their ports here, too."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as text:
            ceiling = int(text.read().split()[0])
    except OSError:
        ceiling = 32768
    floor = 10000 if ceiling > 12000 else 1024
    os.makedirs(PORTS, exist_ok=True)
    for _ in range(1000):
        port = random.randrange(floor, max(ceiling, floor + 1000))
        if port in _given_ports:
            continue
        reservation = open(os.path.join(PORTS, str(port)), "w", encoding="ascii")  # noqa: SIM115
        try:
            fcntl.flock(reservation, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            reservation.close()
            continue
        _given_ports[port] = reservation
        return port
    raise KafkaUnavailable(f"no free TCP port between {floor} and {ceiling}")


def check_java():
    """Kafka 4 needs Java 17."""
    try:
        text = subprocess.run(["java", "-version"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise KafkaUnavailable("no Java: install default-jre-headless") from None
    found = re.search(r'version "(\d+)', text)
    if not found or int(found.group(1)) < 17:
        first = text.splitlines()[0] if text else "java -version says nothing"
        raise KafkaUnavailable(f"Apache Kafka 4 needs Java 17 or later, here is: {first}")


@contextlib.contextmanager
def locked(path):
    """Test files that start at the same moment fetch the jars once."""
    with open(path, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch_jars(version=None):
    """Path of the folder with Kafka's jars; fetched by Maven if this pom.xml's are not there yet."""
    pom = os.path.join(HERE, "pom.xml")
    with open(pom, "rb") as text:
        wanted = hashlib.sha256(text.read()).hexdigest()
    libs = os.path.join(BUILD, f"libs-{version}" if version else "libs")
    stamp = os.path.join(libs, ".pom-sha256")

    def have():
        try:
            with open(stamp, encoding="ascii") as text:
                return text.read().strip() == wanted
        except OSError:
            return False

    if have():
        return libs
    os.makedirs(BUILD, exist_ok=True)
    with locked(os.path.join(BUILD, ".lock")):
        if have():
            return libs
        part = libs + ".part"
        shutil.rmtree(part, ignore_errors=True)
        try:
            maven = subprocess.run(
                ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DoutputDirectory=" + part,
                 "-DincludeScope=runtime", *([f"-Dkafka.version={version}"] if version else [])],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", timeout=MAVEN_SECONDS, check=False)
        except OSError:
            raise KafkaUnavailable("no Maven to fetch Apache Kafka with: install maven") from None
        except subprocess.TimeoutExpired:
            raise KafkaUnavailable(f"Maven did not fetch Apache Kafka in {MAVEN_SECONDS} s") from None
        if maven.returncode != 0:
            errors = [line for line in maven.stdout.splitlines() if "ERROR" in line]
            raise KafkaUnavailable("Maven cannot fetch Apache Kafka: " + (errors or ["no reason given"])[0])
        with open(os.path.join(part, ".pom-sha256"), "w", encoding="ascii") as text:
            text.write(wanted + "\n")
        shutil.rmtree(libs, ignore_errors=True)
        os.rename(part, libs)
    return libs


def remove_leftovers():
    """Data of brokers whose process was killed before it could clean up."""
    if not os.path.isdir(BUILD):
        return
    for entry in os.listdir(BUILD):
        found = re.fullmatch(r"data-(\d+)-\d+", entry)
        if found and not os.path.exists(f"/proc/{found.group(1)}"):
            shutil.rmtree(os.path.join(BUILD, entry), ignore_errors=True)


def as_child():
    """In the broker's process before Java: out of the terminal's group, so that Ctrl-C leaves it to its owner; and
    ended with its owner, however that ended."""
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class ApacheKafka:
    """One broker. Not for use from several threads.

    name: of the log file. partitions: of topics that come into being by use. settings: of server.properties, over the
    fixture's own. port: instead of a free one. version: of Apache Kafka. bootstrap is HOST:PORT, the same over all restarts.
    """

    def __init__(self, name="kafka", partitions=1, settings=None, port=None, version=VERSION):
        check_java()
        self._libs = fetch_jars(version)
        try:
            from confluent_kafka.admin import AdminClient  # noqa: F401
        except ImportError:
            raise KafkaUnavailable("no confluent_kafka for Python: install python3-confluent-kafka") from None
        remove_leftovers()
        self.port = port or free_port()
        self._controller_port = free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.data = os.path.join(BUILD, f"data-{os.getpid()}-{next(_instances)}")
        os.makedirs(os.path.join(BUILD, "logs"), exist_ok=True)
        self.log_path = os.path.join(BUILD, "logs", f"{name}-{version}.log" if version else f"{name}.log")
        self._log = open(self.log_path, "wb")
        self._process = None
        self._settings = dict(self._own_settings(partitions), **(settings or {}))

    def _own_settings(self, partitions):
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": os.path.join(self.data, "logs"),
            "num.partitions": partitions,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            # After a SIGKILL the node's new life is let in when the session of the old one has run
            # out: 9 s by default.
            "broker.session.timeout.ms": 2000,
            "broker.heartbeat.interval.ms": 400,
            "message.max.bytes": 10485760,
            "replica.fetch.max.bytes": 10485760,
        }

    # Life cycle

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.print_log_tail()
            self.close()
            raise
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None and not issubclass(kind, (KeyboardInterrupt, SystemExit)):
            self.print_log_tail()
        self.close()

    def _java(self, *arguments):
        # One compiler tier and the plain collector: a broker that lives for seconds starts in half
        # the time.
        return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Dlog4j2.configurationFile=" + os.path.join(HERE, "log4j2.properties"),
                "-cp", os.path.join(self._libs, "*"), *arguments]

    def _format(self):
        """Once: writes server.properties and gives the empty storage its cluster id."""
        os.makedirs(self.data)
        properties = os.path.join(self.data, "server.properties")
        with open(properties, "w", encoding="ascii") as text:
            text.writelines(f"{key}={value}\n" for key, value in self._settings.items())
        cluster = "gst-tributary-tests-AA"
        done = subprocess.run(self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", properties),
                              stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise KafkaFailed("the storage cannot be formatted")

    def start(self, wait=True):
        """Starts the broker, again after sigkill() or stop(), and waits until it answers a metadata request."""
        if self.running:
            return
        if not os.path.isdir(self.data):
            self._format()
        self._process = subprocess.Popen(
            self._java("kafka.Kafka", os.path.join(self.data, "server.properties")), stdin=subprocess.DEVNULL,
            stdout=self._log, stderr=subprocess.STDOUT, preexec_fn=as_child)
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds=START_SECONDS):
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient
        client = AdminClient({"bootstrap.servers": self.bootstrap, "reconnect.backoff.ms": 20,
                              "reconnect.backoff.max.ms": 100, "log_level": 0, "error_cb": lambda error: None})
        deadline = time.monotonic() + seconds * TIMEOUT_MULTIPLIER
        while True:
            if not self.running:
                raise KafkaFailed(f"the broker ended at its start with status {self._process.returncode}")
            try:
                if client.list_topics(timeout=0.5).brokers:
                    return
            except KafkaException:
                pass
            if time.monotonic() > deadline:
                raise KafkaFailed(f"the broker did not answer within {seconds * TIMEOUT_MULTIPLIER:g} s")

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid if self._process else None

    def sigkill(self):
        """The broker is gone at once, as with a power cut of its process."""
        if self.running:
            self._process.kill()
            self._process.wait()

    def pause(self):
        """The broker keeps its connections and answers nothing."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self._process.pid, signal.SIGCONT)

    def stop(self):
        """An orderly end; the data stays for a later start()."""
        if not self.running:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS * TIMEOUT_MULTIPLIER)
        except subprocess.TimeoutExpired:
            self.sigkill()

    def close(self):
        """Ends the broker and removes its data; only the log stays."""
        # The data is not read again: an orderly end would gain nothing.
        if self.running:
            self.sigkill()
        self._log.close()
        shutil.rmtree(self.data, ignore_errors=True)

    # Help for tests

    def create_topic(self, name, partitions=1, config=None):
        """Returns when the leader of every partition answers. A topic is in the metadata a moment before that, and
        refuses what is produced to it then."""
        from confluent_kafka import KafkaError, KafkaException
        from confluent_kafka.admin import AdminClient, NewTopic
        client = AdminClient({"bootstrap.servers": self.bootstrap})
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1,
                         config={key: str(value) for key, value in (config or {}).items()})
        deadline = time.monotonic() + START_SECONDS * TIMEOUT_MULTIPLIER
        while True:
            try:
                client.create_topics([topic], operation_timeout=30)[name].result(30)
                break
            except KafkaException as why:
                # the controller has not heard of the broker for a while: this machine is busy
                if why.args[0].code() != KafkaError.INVALID_REPLICATION_FACTOR or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
        # kcat asks as no member of a group: a consumer here would make __consumer_offsets, which
        # some tests count.
        ask = ["kcat", "-q", "-b", self.bootstrap, "-Q"]
        for partition in range(partitions):
            ask += ["-t", f"{name}:{partition}:-1"]
        while True:
            answer = subprocess.run(ask, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if answer.returncode == 0 and len(answer.stdout.splitlines()) == partitions:
                return
            if time.monotonic() > deadline:
                raise KafkaFailed(f"not every partition of {name} has a leader: {answer.stdout}{answer.stderr}")

    def stored_bytes(self, prefix):
        """What the topics with this prefix take on the broker's disk."""
        return sum(os.path.getsize(path) for path in glob.glob(os.path.join(self.data, "logs", prefix + "*", "*.log"))
                   if not os.path.dirname(path).endswith("-delete"))

    def run_tool(self, name, *arguments):
        """One of Kafka's own command line tools, by the name of its class; returns what it says."""
        done = subprocess.run(self._java(name, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        if done.returncode != 0:
            raise KafkaFailed(f"{name} ended with status {done.returncode}: {done.stdout}")
        return done.stdout

    def log_tail(self, lines=LOG_TAIL_LINES):
        with open(self.log_path, encoding="utf-8", errors="replace") as text:
            return text.read().splitlines()[-lines:]

    def print_log_tail(self):
        print(f"the end of the broker's log ({self.log_path}):", file=sys.stderr)
        for line in self.log_tail():
            print("  " + line, file=sys.stderr)


def main(argv):
    parser = argparse.ArgumentParser(description="A real Apache Kafka on this machine, gone when the command ends.")
    parser.add_argument("--port", type=int, help="instead of a free one")
    parser.add_argument("--partitions", type=int, default=1, help="of new topics (default 1)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of server.properties")
    parser.add_argument("--kafka-version", default=VERSION, metavar="VERSION", help="of Apache Kafka, instead of pom.xml's")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="print the address, run until Ctrl-C")
    run.add_argument("--port", type=int, default=argparse.SUPPRESS)
    commands.add_parser("fetch", help="download what is missing, run nothing")
    execute = commands.add_parser("exec", help="run a command with KAFKA_BOOTSTRAP set")
    execute.add_argument("arguments", nargs="+", metavar="-- CMD ARGS")
    options = parser.parse_args(argv)
    settings = dict(pair.split("=", 1) for pair in options.set)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.command == "fetch":
            check_java()
            fetch_jars(options.kafka_version)
            return 0
        with ApacheKafka(name=options.command, partitions=options.partitions, settings=settings,
                         port=options.port, version=options.kafka_version) as kafka:
            if options.command == "run":
                print(kafka.bootstrap, flush=True)
                while kafka.running:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        kafka._process.wait(3600)
                raise KafkaFailed(f"the broker ended with status {kafka._process.returncode}")
            return run_command(options.arguments, kafka.bootstrap)
    except KeyboardInterrupt:
        return 130 if options.command == "exec" else 0
    except (KafkaUnavailable, KafkaFailed) as why:
        print(f"apache_kafka.py: {why}", file=sys.stderr)
        return 2


def run_command(arguments, bootstrap):
    try:
        child = subprocess.Popen(arguments, env=dict(os.environ, KAFKA_BOOTSTRAP=bootstrap))
    except OSError as why:
        print(f"apache_kafka.py: {arguments[0]}: {why.strerror}", file=sys.stderr)
        return 127
    while True:
        try:
            code = child.wait()
            return code if code >= 0 else 128 - code
        except KeyboardInterrupt:
            # Ctrl-C reached the command as well: the broker stays until it has finished in its own
            # way.
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
