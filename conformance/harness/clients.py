"""The clients: what their folders declare, their installation, and one scenario's run."""

import hashlib
import os
import re
import secrets
import time
import tomllib
from dataclasses import dataclass

from harness import processes

INSTALL_SECONDS = 900
SCENARIO_SECONDS = 60


class CatalogueError(Exception):
    """The folder contradicts itself or the command line."""


class PrepareError(Exception):
    """A client could not be installed or built."""


@dataclass
class Result:
    """How one scenario of one client went; `failure` is None when it passed."""

    client: str
    scenario: str
    seconds: float
    failure: str | None

    @property
    def label(self):
        return f"{self.client}/{self.scenario}"


class Catalogue:
    """All scenarios in the order of scenarios.toml, and all clients by folder name."""

    def __init__(self, folder, target):
        self.scenarios = tomllib.loads((folder / "scenarios.toml").read_text())
        manifests = sorted(folder.glob("*/client.toml"))
        self.clients = {
            manifest.parent.name: Client(manifest, target / manifest.parent.name, self.scenarios)
            for manifest in manifests
        }
        for fields in self.scenarios.values():
            self.check_names("client", fields.get("clients", []), self.clients)

    @staticmethod
    def check_names(kind, names, known):
        for name in names:
            if name not in known:
                raise CatalogueError(f"no {kind} {name!r}; there are {', '.join(known)}")


class Client:
    """One client library at one version, as its client.toml describes it."""

    def __init__(self, manifest, target, catalogue):
        self.name = manifest.parent.name
        self.folder = manifest.parent
        self.target = target
        self.fields = tomllib.loads(manifest.read_text())
        self.core = self.fields.get("core", False)
        self.is_framework = self.fields.get("framework", False)
        self.lacks = self.fields.get("lacks", {})
        self.scenarios = self.find_scenarios(catalogue)
        self.check_version()

    @property
    def title(self):
        return f"{self.name} {self.fields['version']} ({self.fields['language']})"

    def find_scenarios(self, catalogue):
        """The scenario files, held against the catalogue: each is there or said to be lacking."""
        stems = [snake_case(path.stem) for path in self.folder.glob(self.fields["scenarios"])]
        found = {name for name in stems if self.takes_part(catalogue.get(name, {}))}
        catalogue = {name: fields for name, fields in catalogue.items() if self.takes_part(fields)}
        for name in (found | self.lacks.keys()) - catalogue.keys():
            raise CatalogueError(f"{self.name} knows a scenario {name!r} that scenarios.toml does not")
        for name in catalogue.keys() - found - self.lacks.keys():
            raise CatalogueError(f"{self.name} has no scenario {name!r} and does not say why")
        for name in found & self.lacks.keys():
            raise CatalogueError(f"{self.name} has a scenario {name!r} that it says it lacks")
        return [name for name in catalogue if name in found]

    def takes_part(self, scenario):
        """Whether a scenario names this client, or is for all and this is no framework."""
        return self.name in scenario.get("clients", [] if self.is_framework else [self.name])

    def check_version(self):
        """The version that the matrix shows is the one that is installed."""
        pinned = "".join((self.folder / path).read_text() for path in self.fields["manifests"])
        if self.fields["version"] not in pinned:
            raise CatalogueError(f"{self.name}: no manifest pins {self.fields['version']}")

    def prepare(self):
        """Installs the client unless its manifests are as last time, and builds its scenarios."""
        self.target.mkdir(parents=True, exist_ok=True)
        stamp = self.target / "installed"
        digest = self.digest()
        if not stamp.exists() or stamp.read_text() != digest:
            stamp.unlink(missing_ok=True)
            self.install_packages()
            self.execute(self.fields.get("install", []))
            stamp.write_text(digest)
        self.execute(self.fields.get("build", []))

    def install_packages(self):
        """Debian's packages that it is or needs, in the versions that it names."""
        if packages := self.fields.get("packages", []):
            install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
            self.execute([["apt-get", "update", "--quiet"], install])

    def digest(self):
        digest = hashlib.sha256()
        for path in ["client.toml", *self.fields["manifests"]]:
            digest.update((self.folder / path).read_bytes())
        return digest.hexdigest()

    def execute(self, commands):
        for command in commands:
            command = self.expand(command)
            options = {"cwd": self.folder, "env": self.environment()}
            try:
                code, output = processes.finish(command, INSTALL_SECONDS, **options)
            except OSError as error:
                raise PrepareError(error) from error
            if code != 0:
                reason = "ran out of time" if code is None else f"ended with {code}"
                raise PrepareError(f"`{' '.join(command)}` {reason}:\n{output}")

    def run(self, scenario, surroundings, controls):
        """Runs one scenario in a process of its own, with names that no other run uses."""
        prefix = f"{self.name}.{scenario}.{secrets.token_hex(4)}"
        environment = self.environment() | surroundings | {"CONFORMANCE_PREFIX": prefix}
        command = self.expand(self.fields["run"], scenario)
        started = time.monotonic()
        code, output = processes.finish(
            command, SCENARIO_SECONDS, controls.attend, cwd=self.folder, env=environment
        )
        failure = None
        if code != 0:
            reason = "ran out of time" if code is None else f"exit code {code}"
            failure = f"{reason}\n{output}"
        return Result(self.name, scenario, time.monotonic() - started, failure)

    def environment(self):
        extra = self.fields.get("env", {})
        return os.environ | {key: self.expand([value])[0] for key, value in extra.items()}

    def expand(self, command, scenario=""):
        values = {
            "{client}": str(self.folder),
            "{target}": str(self.target),
            "{scenario}": scenario,
            "{Scenario}": "".join(word.capitalize() for word in scenario.split("_")),
        }
        pattern = re.compile("|".join(map(re.escape, values)))
        return [pattern.sub(lambda found: values[found[0]], word) for word in command]


def snake_case(stem):
    """A scenario's name from its file's: `HelloWorld` and `hello-world` are `hello_world`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", stem).replace("-", "_").lower()
