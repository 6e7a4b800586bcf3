"""The machine that is measured on: what it is, and whether others use it."""

import os
import platform
import re
import sys
import time
from pathlib import Path

# Share of the CPU that others may use for the machine to count as quiet.
QUIET = 0.1


def facts():
    """What it is, in a few words."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()}), " \
           f"Linux {platform.release()}"


def await_quiet(seconds, what):
    """Waits for disk and CPU: what those before have left to be written comes first."""
    os.sync()
    until = time.monotonic() + seconds
    while (share := busy()) > QUIET:
        if time.monotonic() > until:
            print(f"{what}: measured with {share:.0%} of the CPU in use by others",
                  file=sys.stderr)
            return


def busy():
    """The share of CPU in use during one second."""
    def read():
        fields = [int(field) for field in Path("/proc/stat").read_text().split()[1:9]]
        return sum(fields), fields[3] + fields[4]
    (all_before, idle_before), _, (all_after, idle_after) = read(), time.sleep(1), read()
    return 1 - (idle_after - idle_before) / max(all_after - all_before, 1)
