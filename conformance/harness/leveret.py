"""Leveret under test."""

import os
import subprocess

from harness import processes
from harness.broker import POLICIES, ROOT, Started


class Leveret(Started):
    """A binary of ours: the one given, or a release build made now."""

    def __init__(self, directory, binary):
        super().__init__("leveret", "leveret", directory)
        self.binary = binary or built()

    def spawn(self, streams):
        command = [self.binary, "--amqp", f"{self.host}:{self.port}", "--config", POLICIES]
        command += ["--data-dir", self.directory / "data"]
        environment = os.environ | {"LEVERET_LOG_EXCHANGE": "true"}
        return processes.spawn(command, cwd=self.directory, env=environment, **streams)

    def ctl_command(self):
        socket_path = self.directory / "data" / "leveret.sock"
        return [self.binary, "ctl", "--socket", socket_path], os.environ


def built():
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT, check=True)
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release" / "leveret"
