"""A broker under test: what can be done to it."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from harness import processes

ROOT = Path(__file__).resolve().parents[2]
POLICIES = ROOT / "conformance" / "policies.toml"
START_SECONDS = 90
STOP_SECONDS = 15


class Broker:
    """A broker that answers on `host`:`port`, and that the run leaves as it is."""

    controllable = False

    def __init__(self, kind, title, host, port):
        self.kind = kind
        self.title = title
        self.host = host
        self.port = port

    @property
    def uri(self):
        return f"amqp://guest:guest@{self.host}:{self.port}/%2f"

    def died(self):
        return False

    def restore(self):
        """Nothing that a scenario did has to be put right."""

    def tracing(self):
        """Whether it traces is up to whoever started it."""
        return contextlib.nullcontext()


class Started(Broker):
    """A process of our own with an empty data directory, to which anything may be done."""

    controllable = True
    home = None

    @classmethod
    def prepare(cls):
        """Sees to it that what it needs is there."""

    def __init__(self, kind, title, directory):
        super().__init__(kind, title, "127.0.0.1", free_ports(1)[0])
        self.directory = directory
        self.log = directory / f"{kind}.log"
        self.process = None
        self.is_frozen = self.is_blocked = False

    def start(self):
        with self.log.open("ab") as output:
            self.process = self.spawn({"stdout": output, "stderr": subprocess.STDOUT})
        await_start_frame(self)

    def stop(self):
        processes.stop(self.process, STOP_SECONDS)
        self.process = None

    def close(self):
        if self.is_frozen:
            self.thaw()
        if self.process is not None:
            self.stop()

    def kill(self):
        processes.kill_group(self.process)
        self.process.wait()
        self.process = None

    def freeze(self):
        os.killpg(self.process.pid, signal.SIGSTOP)
        self.is_frozen = True

    def thaw(self):
        os.killpg(self.process.pid, signal.SIGCONT)
        self.is_frozen = False

    def block(self):
        self.ctl("set_vm_memory_high_watermark", "absolute", "1")
        self.is_blocked = True

    def unblock(self):
        self.ctl("set_vm_memory_high_watermark", "0.6")
        self.is_blocked = False

    def died(self):
        """Whether it ended and nobody asked for that."""
        return self.process is not None and self.process.poll() is not None

    def restore(self):
        """Has it run as before, whatever a scenario did to it."""
        if self.is_frozen:
            self.thaw()
        if self.process is None:
            self.start()
            self.is_blocked = False
        if self.is_blocked:
            self.unblock()

    @contextlib.contextmanager
    def tracing(self):
        """Has it copy all messages to amq.rabbitmq.trace."""
        self.ctl("trace_on")
        try:
            yield
        finally:
            if not self.died():
                self.ctl("trace_off")

    def ctl(self, *arguments):
        """Runs `rabbitmqctl`, which both brokers have."""
        command, environment = self.ctl_command()
        code, output = processes.finish([*command, *arguments], START_SECONDS, env=environment)
        if code != 0:
            raise RuntimeError(f"{self.title}: {' '.join(map(str, arguments))}:\n{output}")

    def log_tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in sockets]


def await_start_frame(broker):
    """Returns once the broker answers a protocol header with a method frame."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not broker.died():
        with contextlib.suppress(OSError):
            with socket.create_connection((broker.host, broker.port), timeout=5) as peer:
                peer.sendall(b"AMQP\x00\x00\x09\x01")
                if peer.recv(1) == b"\x01":
                    return
        time.sleep(0.1)
    tail = f":\n{broker.log_tail()}" if broker.controllable else ""
    raise SystemExit(f"{broker.title} does not answer on {broker.host}:{broker.port}{tail}")
