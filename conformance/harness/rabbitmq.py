"""RabbitMQ as Debian has it: the installed package, or a newer one in a tree of its own."""

import json
import os
import subprocess
import tomllib
from pathlib import Path

from harness import processes
from harness.broker import POLICIES, ROOT, START_SECONDS, STOP_SECONDS, Started, free_ports

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
CTL = "/usr/lib/rabbitmq/bin/rabbitmqctl"
PLUGINS = """\
[rabbitmq_consistent_hash_exchange, rabbitmq_event_exchange, rabbitmq_random_exchange,
 rabbitmq_recent_history_exchange, rabbitmq_sharding].
"""
"""The plugins that come with RabbitMQ and are enabled: an Erlang term."""
SETTINGS = "log.exchange = true\nlog.exchange.level = info\n"
SUITE = "forky"
"""Debian's suite that has RabbitMQ 4.3."""
MIRROR = "http://deb.debian.org/debian"


class RabbitMq(Started):
    """The Debian package's node under a name, ports and directories of its own."""

    kind = "rabbitmq"
    root = Path("/")
    settings = SETTINGS

    @classmethod
    def prepare(cls):
        if not Path(SERVER).exists():
            raise SystemExit("rabbitmq-server is not installed (apt install rabbitmq-server)")

    def __init__(self, directory, _):
        super().__init__(self.kind, f"RabbitMQ {self.version()}", directory)
        distribution, names = free_ports(2)
        self.environment = self.surroundings(distribution, names)
        self.daemon = processes.spawn(
            self.within("epmd", "-port", str(names)),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment,
        )

    def start(self):
        super().start()
        self.set_policies()

    def kill(self):
        """It answers declarations some time before they are on the disk: not what is to be shown."""
        self.ctl("eval", "mnesia:sync_log().")
        super().kill()

    def close(self):
        super().close()
        processes.stop(self.daemon, STOP_SECONDS)

    def spawn(self, streams):
        command = self.within(SERVER)
        return processes.spawn(command, cwd=self.directory, env=self.environment, **streams)

    def ctl_command(self):
        return self.within(CTL), self.environment

    def set_policies(self):
        """Gives it the policies that Leveret reads as its configuration."""
        policies = tomllib.loads(POLICIES.read_text())
        definitions = self.directory / "definitions.json"
        definitions.write_text(json.dumps(as_definitions(**policies)))
        self.ctl("import_definitions", self.inside(definitions))

    def within(self, *command):
        """A command as it runs where the package is."""
        return list(command)

    def inside(self, path):
        """A path as the package sees it."""
        return f"/{path.relative_to(self.root)}"

    def version(self):
        command = self.within("dpkg-query", "--show", "--showformat=${Version}", "rabbitmq-server")
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return output.partition("-")[0]

    def surroundings(self, distribution, names):
        plugins = self.directory / "enabled_plugins"
        plugins.write_text(PLUGINS)
        settings = self.directory / "rabbitmq.conf"
        settings.write_text(self.settings)
        home = self.inside(self.directory)
        return os.environ | {
            "HOME": home,
            "ERL_EPMD_PORT": str(names),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": self.inside(settings),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.inside(plugins),
            "RABBITMQ_LOG_BASE": f"{home}/log",
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia",
            "RABBITMQ_NODENAME": f"conformance{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_PID_FILE": f"{home}/pid",
        }


class RabbitMq4(RabbitMq):
    """The package of a newer suite, in a tree of its own that is made the first time. It takes root."""

    kind = "rabbitmq-4"
    root = ROOT / "target" / "conformance" / f"debian-{SUITE}"
    # What RabbitMQ 4.3 has clients do only if it is told to let them.
    settings = SETTINGS + "deprecated_features.permit.global_qos = true\n"
    home = root / "srv"
    """Where its directory has to be."""

    @classmethod
    def prepare(cls):
        stamp = cls.root / "installed"
        if stamp.exists():
            return
        quiet = "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d"
        script = "/usr/share/debootstrap/scripts/sid"
        for command in (
            ["apt-get", "install", "--yes", "--quiet", "debootstrap"],
            ["rm", "-rf", cls.root],
            ["debootstrap", "--variant=minbase", SUITE, cls.root, MIRROR, script],
            ["chroot", cls.root, "sh", "-c", quiet],
            ["chroot", cls.root, "apt-get", "install", "--yes", "--no-install-recommends", "rabbitmq-server"],
        ):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            if done.returncode != 0:
                words = " ".join(map(str, command))
                raise SystemExit(f"`{words}` failed:\n{done.stdout.decode(errors='replace')}")
        (cls.root / "etc" / "hosts").write_text("127.0.0.1 localhost\n")
        stamp.touch()

    def within(self, *command):
        """It looks for its memory in /proc, which goes with the process."""
        script = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
        return ["unshare", "--mount", "sh", "-c", script, str(self.root), *command]

    def kill(self):
        """What it answers is on the disk."""
        Started.kill(self)


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
