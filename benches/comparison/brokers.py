"""Brokers that are started with fresh data on free ports, or that run already, and the load
generator that is run against them.
"""

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
# With a long backlog to be read.
START_SECONDS = 900
STOP_SECONDS = 30
# What a run of the load generator may take beyond the time that it publishes: declaring bindings,
# draining queues, deleting.
SPARE_SECONDS = 240
# So many messages of a run that has a number of them may take a second.
SLOWEST_PER_SECOND = 5_000


class Failed(Exception):
    """A broker or the load generator did not do what it was to do; says why in one line."""


class Broker:
    """One that listens at `uri` as process `pid`, where that is known."""

    def __init__(self, name, tool, uri=None, pid=None):
        self.name = name
        self.tool = tool
        self.uri = uri
        self.pid = pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def version(self):
        return ""

    def perf(self, *arguments, in_order=True):
        """Runs `leveret perf` and returns its report."""
        return report_of(self.begin_perf(*arguments), in_order)

    def begin_perf(self, *arguments):
        """Starts `leveret perf`; `report_of` waits for it."""
        if self.pid is not None:
            arguments += ("--broker-pid", self.pid)
        return self.spawn_perf(*arguments)

    def spawn_perf(self, *arguments):
        command = [self.tool, "perf", *map(str, arguments), "--json", "--uri", self.uri]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def resident_mib(self):
        return self.memory_mib("VmRSS")

    def peak_mib(self):
        """The most that was resident since the process began."""
        return self.memory_mib("VmHWM")

    def cpu_seconds(self):
        """User and system time since the process began: fields 14 and 15, behind its name."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self, field):
        if self.pid is None:
            return None
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1024


class SteppedDrain:
    """`leveret perf drain` that waits when the queues are full and when they are empty, during which
    the broker may be started again. Ends with the `with` block.
    """

    def __init__(self, broker, *arguments):
        self.running = broker.spawn_perf("drain", "--stepwise", *arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.running.poll() is None:
            self.running.kill()
            self.running.communicate()

    def await_step(self, step):
        """Waits until the queues are `filled` or `emptied`."""
        is_told, _, _ = select.select([self.running.stderr], [], [], allowed_seconds(self.running.args))
        if not is_told:
            raise Failed(f"the queues were not {step} in time")
        if (line := self.running.stderr.readline()) != f"{step}\n":
            raise Failed(f"the queues were not {step}: {line}{self.running.communicate()}")

    def go_on(self):
        self.running.stdin.write("\n")
        self.running.stdin.flush()

    def report(self):
        return report_of(self.running)


def run_tool(tool, *arguments):
    """Runs `leveret perf` without a broker and returns its report."""
    command = [tool, "perf", *map(str, arguments), "--json"]
    return report_of(subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))


def report_of(running, in_order=True):
    """Waits for a run of the load generator; a failed one is no measurement, nor one whose messages
    came out of order, unless they may.
    """
    subject = " ".join(running.args[1:running.args.index("--json")])
    try:
        output, complaint = running.communicate(timeout=allowed_seconds(running.args))
    except subprocess.TimeoutExpired:
        running.kill()
        running.communicate()
        raise Failed(f"{subject}: took too long") from None
    if running.returncode != 0:
        raise Failed(f"{subject}: {' '.join((output + complaint).split())}")
    report = json.loads(output)
    if in_order and report.get("out_of_order"):
        raise Failed(f"{subject}: {report['out_of_order']} messages out of order")
    return report


def allowed_seconds(command):
    def value(option):
        return float(command[command.index(option) + 1]) if option in command else 0
    return value("--seconds") + value("--messages") / SLOWEST_PER_SECOND + SPARE_SECONDS


class Started(Broker):
    """A broker with data of its own, in the directory `data`; ends with the `with` block."""

    def __enter__(self):
        self.home = Path(tempfile.mkdtemp(prefix="leveret-compare-"))
        self.port = free_port()
        self.uri = f"amqp://guest:guest@127.0.0.1:{self.port}/%2f"
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.end(signal.SIGTERM, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self):
        """Returns when it accepts connections, `start_ms` after its process was started."""
        began = time.monotonic()
        with open(self.home / "output", "wb") as output:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), cwd=self.home, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True)
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise Failed("did not start: " + (self.home / "output").read_text()[-500:])
            time.sleep(0.001)
        self.start_ms = 1000 * (time.monotonic() - began)
        self.pid = self.find_pid()

    def kill(self):
        """Ends it at once, as a crash would; `start` begins anew with the same data."""
        os.kill(self.pid, signal.SIGKILL)
        self.end(signal.SIGKILL)

    def end(self, *signals):
        for name in signals:
            try:
                os.killpg(self.process.pid, name)
                self.process.wait(STOP_SECONDS)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.clean_up()

    def find_pid(self):
        return self.process.pid

    def clean_up(self):
        pass


class Leveret(Started):
    """A build of Leveret; `watermark` is its memory limit in octets."""

    def __init__(self, name, tool, path, watermark=None, wrapper=()):
        super().__init__(name, tool)
        self.path = path
        self.watermark = watermark
        self.wrapper = wrapper

    @property
    def data(self):
        return self.home / "data"

    def command(self):
        return [*self.wrapper, self.path, "--amqp", f"127.0.0.1:{self.port}", "--data-dir",
                str(self.data), "--log-level", "warning"]

    def environment(self):
        limit = {"LEVERET_MEMORY_HIGH_WATERMARK": str(self.watermark)} if self.watermark else {}
        return {**os.environ, "HOME": str(self.home), **limit}

    def version(self):
        return subprocess.check_output([self.path, "--version"], text=True).split()[1]


class RabbitMQ(Started):
    """The one of Debian's package; `watermark` is its memory limit in octets."""

    def __init__(self, tool, watermark=None):
        super().__init__("RabbitMQ", tool)
        self.watermark = watermark

    @property
    def data(self):
        return self.home / "mnesia"

    def command(self):
        return [str(RABBITMQ)]

    def environment(self):
        self.epmd_port = free_port()
        limit = self.watermark
        limit = f"vm_memory_high_watermark.absolute = {limit}\n" if limit else ""
        (self.home / "rabbitmq.conf").write_text(limit)
        (self.home / "plugins").write_text("[].\n")
        return {
            **os.environ,
            "HOME": str(self.home),
            "ERL_EPMD_PORT": str(self.epmd_port),
            "RABBITMQ_NODENAME": f"compare{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self.data),
            "RABBITMQ_LOG_BASE": str(self.home / "log"),
            "RABBITMQ_PID_FILE": str(self.home / "pid"),
            "RABBITMQ_CONFIG_FILE": str(self.home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.home / "plugins"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(self.home / "flags"),
        }

    def find_pid(self):
        """The Erlang machine among the processes of the session that was started."""
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                name, fields = (entry / "stat").read_text().rsplit(")", 1)
            except OSError:
                continue
            if "(beam.smp" in name and int(fields.split()[3]) == self.process.pid:
                return int(entry.name)
        raise Failed("the Erlang machine is gone")

    def clean_up(self):
        # Erlang leaves its name server behind, outside of the session.
        subprocess.run(["epmd", "-port", str(self.epmd_port), "-kill"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def version(self):
        query = ["dpkg-query", "--show", "--showformat=${Version}", "rabbitmq-server"]
        return subprocess.run(query, stdout=subprocess.PIPE, text=True).stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """Whether a broker answers the protocol header with connection.start."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(b"AMQP\0\0\x09\x01")
            return client.recv(1) == b"\x01"
    except OSError:
        return False
