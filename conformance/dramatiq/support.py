"""What every dramatiq scenario needs: a worker, and what it noted."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 10
"""Seconds after which something that should have come counts as missing."""

DRAMATIQ = Path(sys.executable).with_name("dramatiq")


@contextlib.contextmanager
def worker():
    """A worker in processes of its own, for as long as the context lasts."""
    process = subprocess.Popen([DRAMATIQ, "--processes", "1", "--threads", "4", "actors"])
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()


class Notes:
    """The file to which actors write what ran and when."""

    def __init__(self, folder):
        self.path = str(Path(folder) / "notes")

    def read(self):
        """What has run so far and when, in the order in which it ran."""
        with contextlib.suppress(FileNotFoundError):
            lines = Path(self.path).read_text().splitlines()
            return {text: float(at) for text, at in (line.split() for line in lines)}
        return {}

    def await_all(self, texts):
        """Waits until just these have run; returns when."""
        eventually(lambda: len(self.read()) >= len(texts))
        assert self.read().keys() == set(texts), self.read()
        return self.read()


def eventually(check):
    """Waits until `check()` is true."""
    deadline = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.05)
