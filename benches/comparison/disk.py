"""What processes do to the disk, and what the disk does without a broker."""

import os
import statistics
import time
from contextlib import contextmanager
from pathlib import Path

READ_SIZE = 1 << 20
# A page: what one message of 1 KiB makes a file system write.
BLOCK_SIZE = 4 << 10


def written(pid):
    """Octets that a process has written to the disk so far.

    That is `write_bytes` of /proc/PID/io, which counts whole pages when they become dirty in the
    page cache, and again when they do so after they were written; without those that were dropped
    before they were written, as with a deleted file. `wchar` would count what goes to sockets too.
    The file system's own journal is not in it.
    """
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    counts = {name: int(count) for name, count in (line.split(": ") for line in lines)}
    return counts["write_bytes"] - counts["cancelled_write_bytes"]


def files(directory):
    return [path for path in sorted(directory.rglob("*")) if path.is_file()]


def used_mib(directory):
    """As `du` tells it."""
    return sum(path.stat().st_blocks * 512 for path in files(directory)) / 2**20


def drop_caches():
    """Has the system forget what it has of files in memory; returns whether it may be told to."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
    except PermissionError:
        return False
    return True


def read_rate(directory):
    """Reads all files from start to end, one after the other; MB/s."""
    octets, buffer, began = 0, bytearray(READ_SIZE), time.monotonic()
    for path in files(directory):
        with open(path, "rb", buffering=0) as file:
            while count := file.readinto(buffer):
                octets += count
    return octets / (time.monotonic() - began) / 1e6


def overwrite_latency(directory, rate, seconds):
    """Quantiles, in microseconds, of how long it takes to write and fdatasync a block of a file that
    was written before.
    """
    with scratch(directory) as file:
        os.write(file, bytes(BLOCK_SIZE * int(rate * seconds)))
        os.fsync(file)
        return sync_latency(file, rate, seconds)


def append_latency(directory, rate, seconds):
    """The same with a file that grows."""
    with scratch(directory) as file:
        return sync_latency(file, rate, seconds)


def sync_latency(file, rate, seconds):
    block, times, began = b"x" * BLOCK_SIZE, [], time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(began + number / rate - time.monotonic(), 0))
        before = time.perf_counter()
        os.pwrite(file, block, number * BLOCK_SIZE)
        os.fdatasync(file)
        times.append(1e6 * (time.perf_counter() - before))
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    return {"p50": percentiles[49], "p99": percentiles[98]}


@contextmanager
def scratch(directory):
    path = directory / "scratch"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    try:
        yield file
    finally:
        os.close(file)
        path.unlink()
