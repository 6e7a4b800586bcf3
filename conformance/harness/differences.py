"""Expected failures: read from differences.toml and held against the results."""

import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from harness.clients import CatalogueError

FIELDS = {"scenario", "against", "whose", "reason"}
AGAINST = {"leveret", "rabbitmq", "rabbitmq-4"}
WHOSE = {"rabbitmq-4", "plugin", "leveret"}


@dataclass
class Verdict:
    """Failures nobody expected, failures that were listed, and entries gone stale."""

    failures: list = field(default_factory=list)
    expected: dict = field(default_factory=dict)
    stale: list = field(default_factory=list)

    @property
    def passed(self):
        return not self.failures and not self.stale


def load(path, catalogue):
    """The entries, each complete and about a scenario that exists."""
    entries = tomllib.loads(path.read_text()).get("difference", [])
    labels = [f"{name}/{each}" for name, c in catalogue.clients.items() for each in c.scenarios]
    for entry in entries:
        if entry.keys() != FIELDS or not all(entry.values()):
            raise CatalogueError(f"{path.name}: an entry needs {', '.join(sorted(FIELDS))}: {entry}")
        if not AGAINST.issuperset(entry["against"]) or entry["whose"] not in WHOSE:
            raise CatalogueError(f"{path.name}: unknown `against` or `whose`: {entry}")
        if not any(fnmatchcase(label, entry["scenario"]) for label in labels):
            raise CatalogueError(f"{path.name}: no scenario {entry['scenario']!r}")
    return entries


def judge(results, entries, kind):
    """A scenario may fail only where an entry says so; an entry whose scenario passes is stale."""
    verdict = Verdict()
    entries = [entry for entry in entries if kind in entry["against"]]
    for result in results:
        listed = [entry for entry in entries if fnmatchcase(result.label, entry["scenario"])]
        if result.failure and listed:
            verdict.expected[result.label] = listed[0]["reason"]
        elif result.failure:
            verdict.failures.append(result)
        elif listed:
            verdict.stale.append(result.label)
    return verdict
