"""The broker under test: started here and stopped again, or taken as it is."""

import contextlib
import json
import os
import re
import shutil
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
    """A broker that answers on `host`:`port`; `process` and `ctl` are None when it is not ours."""

    def __init__(self, kind, title, address, process=None, log=None, ctl=None):
        self.kind = kind
        self.title = title
        self.host, self.port = address
        self.process = process
        self.log = log
        self.ctl = ctl

    @property
    def uri(self):
        return f"amqp://guest:guest@{self.host}:{self.port}/%2f"

    def died(self):
        return self.process is not None and self.process.poll() is not None

    @contextlib.contextmanager
    def tracing(self):
        """Has the broker copy all messages to amq.rabbitmq.trace; one that is not ours is left alone."""
        if self.ctl:
            self.ctl("trace_on")
        try:
            yield
        finally:
            if self.ctl and not self.died():
                self.ctl("trace_off")

    def log_tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


@contextlib.contextmanager
def open_broker(against, directory):
    """The broker that `--against` names, for as long as the context lasts."""
    start = {"leveret": start_leveret, "rabbitmq": start_rabbitmq}.get(against)
    with start(directory) if start else contextlib.nullcontext(given(against)) as broker:
        await_start_frame(broker)
        yield broker


def check_choice(against):
    """The value of `--against`, when `open_broker` can make sense of it."""
    if against not in ("leveret", "rabbitmq"):
        given(against)
    return against


def given(address):
    host, _, port = address.rpartition(":")
    if not host:
        raise ValueError(address)
    return Broker("given", address, (host, int(port)))


@contextlib.contextmanager
def start_leveret(directory):
    """Our release binary on a port of its own choosing, with an empty data directory."""
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT, check=True)
    binary, data = target / "release" / "leveret", directory / "data"
    log = directory / "leveret.log"
    command = [binary, "--amqp", "127.0.0.1:0", "--data-dir", data, "--config", POLICIES]
    environment = os.environ | {"LEVERET_LOG_EXCHANGE": "true"}
    with log.open("wb") as output:
        streams = {"stdout": output, "stderr": subprocess.STDOUT, "env": environment}
        process = processes.spawn(command, cwd=directory, **streams)
    ctl = controller([binary, "ctl", "--socket", data / "leveret.sock"], environment)
    try:
        port = announced_port(process, log)
        yield Broker("leveret", "leveret", ("127.0.0.1", port), process, log, ctl)
    finally:
        processes.stop(process, STOP_SECONDS)


def announced_port(process, log):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text(errors="replace")
        if found := re.search(r"^Server startup complete.*?127\.0\.0\.1:(\d+)", text, re.M):
            return int(found[1])
        time.sleep(0.05)
    raise SystemExit(f"leveret did not announce a port:\n{log.read_text(errors='replace')}")


@contextlib.contextmanager
def start_rabbitmq(directory):
    """The Debian package's node under a name, ports and directories of its own."""
    if not Path(RABBITMQ).exists():
        raise SystemExit("rabbitmq-server is not installed (apt install rabbitmq-server)")
    port, distribution, names = free_ports(3)
    environment = rabbitmq_environment(directory, port, distribution, names)
    log = directory / "rabbitmq.log"
    with log.open("wb") as output:
        streams = {"stdout": output, "stderr": subprocess.STDOUT, "env": environment}
        daemon = processes.spawn([shutil.which("epmd"), "-port", str(names)], **streams)
        node = processes.spawn([RABBITMQ], cwd=directory, **streams)
    try:
        ctl = controller([RABBITMQCTL], environment)
        broker = Broker("rabbitmq", "RabbitMQ", ("127.0.0.1", port), node, log, ctl)
        await_start_frame(broker)
        set_policies(directory, ctl)
        yield broker
    finally:
        processes.stop(node, STOP_SECONDS)
        processes.stop(daemon, STOP_SECONDS)


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


def controller(command, environment):
    """What has a running broker carry out a command of rabbitmqctl."""

    def control(*arguments):
        full = [*command, *arguments]
        code, output = processes.finish(full, START_SECONDS, env=environment)
        if code != 0:
            raise SystemExit(f"{' '.join(map(str, full))} failed:\n{output}")

    return control


def set_policies(directory, ctl):
    """Gives RabbitMQ the policies that Leveret reads as its configuration."""
    policies = tomllib.loads(POLICIES.read_text())
    definitions = directory / "definitions.json"
    definitions.write_text(json.dumps(as_definitions(**policies)))
    ctl("import_definitions", definitions)


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
    tail = f":\n{broker.log_tail()}" if broker.log else ""
    raise SystemExit(f"{broker.title} does not answer on {broker.host}:{broker.port}{tail}")
