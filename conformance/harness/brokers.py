"""The broker under test: started here and stopped again, or taken as it is."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import tomllib
from pathlib import Path

from harness import processes

START_SECONDS = 90
STOP_SECONDS = 15
ROOT = Path(__file__).resolve().parents[2]
POLICIES = ROOT / "conformance" / "policies.toml"
RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"
RABBITMQCTL = "/usr/lib/rabbitmq/bin/rabbitmqctl"
PLUGINS = """\
[rabbitmq_consistent_hash_exchange, rabbitmq_event_exchange, rabbitmq_random_exchange,
 rabbitmq_recent_history_exchange, rabbitmq_sharding].
"""
"""The plugins that come with RabbitMQ and are enabled: an Erlang term."""


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


class Leveret(Started):
    """A binary of ours."""

    def __init__(self, directory, binary):
        super().__init__("leveret", "leveret", directory)
        self.binary = binary

    def spawn(self, streams):
        command = [self.binary, "--amqp", f"{self.host}:{self.port}", "--config", POLICIES]
        command += ["--data-dir", self.directory / "data"]
        environment = os.environ | {"LEVERET_LOG_EXCHANGE": "true"}
        return processes.spawn(command, cwd=self.directory, env=environment, **streams)

    def ctl_command(self):
        socket_path = self.directory / "data" / "leveret.sock"
        return [self.binary, "ctl", "--socket", socket_path], os.environ


class RabbitMq(Started):
    """The Debian package's node under a name, ports and directories of its own."""

    def __init__(self, directory, _):
        if not Path(RABBITMQ).exists():
            raise SystemExit("rabbitmq-server is not installed (apt install rabbitmq-server)")
        super().__init__("rabbitmq", "RabbitMQ", directory)
        distribution, names = free_ports(2)
        self.environment = rabbitmq_environment(directory, self.port, distribution, names)
        self.daemon = processes.spawn(
            [shutil.which("epmd"), "-port", str(names)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment,
        )

    def start(self):
        super().start()
        self.set_policies()

    def kill(self):
        """It answers declarations some time before they are on the disk: not what is to be shown."""
        self.ctl("eval", "mnesia:sync_log().")
        super().kill()

    def spawn(self, streams):
        return processes.spawn([RABBITMQ], cwd=self.directory, env=self.environment, **streams)

    def ctl_command(self):
        return [RABBITMQCTL], self.environment

    def set_policies(self):
        """Gives it the policies that Leveret reads as its configuration."""
        policies = tomllib.loads(POLICIES.read_text())
        definitions = self.directory / "definitions.json"
        definitions.write_text(json.dumps(as_definitions(**policies)))
        self.ctl("import_definitions", definitions)


@contextlib.contextmanager
def open_broker(against, directory, binary):
    """The broker that `--against` names, for as long as the context lasts; `binary` is Leveret's."""
    if against not in STARTED:
        broker = given(against)
        await_start_frame(broker)
        yield broker
        return
    broker = STARTED[against](directory, binary)
    try:
        broker.start()
        yield broker
    finally:
        if broker.is_frozen:
            broker.thaw()
        if broker.process is not None:
            broker.stop()
        if against == "rabbitmq":
            processes.stop(broker.daemon, STOP_SECONDS)


STARTED = {"leveret": Leveret, "rabbitmq": RabbitMq}


def built():
    """Our release binary, built."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT, check=True)
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release" / "leveret"


def check_choice(against):
    """The value of `--against`, when `open_broker` can make sense of it."""
    if against not in STARTED:
        given(against)
    return against


def given(address):
    host, _, port = address.rpartition(":")
    if not host:
        raise ValueError(address)
    return Broker("given", address, host, int(port))


def rabbitmq_environment(directory, port, distribution, names):
    plugins = directory / "enabled_plugins"
    plugins.write_text(PLUGINS)
    settings = directory / "rabbitmq.conf"
    settings.write_text("log.exchange = true\nlog.exchange.level = info\n")
    return os.environ | {
        "HOME": str(directory),
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(settings),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_LOG_BASE": str(directory / "log"),
        "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
        "RABBITMQ_NODENAME": f"conformance{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_PID_FILE": str(directory / "pid"),
    }


def as_definitions(policies, operator_policies):
    """Policies as RabbitMQ's definitions hold them."""
    bounds = [
        {
            "vhost": "/",
            "component": "operator_policy",
            "name": policy["name"],
            "value": {key: value for key, value in policy.items() if key != "name"},
        }
        for policy in operator_policies
    ]
    return {"policies": [{"vhost": "/", **policy} for policy in policies], "parameters": bounds}


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
