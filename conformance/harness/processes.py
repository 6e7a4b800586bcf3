"""Child processes that end, with everything they started, at the latest on time."""

import os
import signal
import subprocess


def spawn(command, **options):
    """Starts `command` as the leader of a process group of its own."""
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, start_new_session=True, **options
    )


def stop(process, patience):
    """Ends a spawned process: SIGTERM, and SIGKILL after `patience` seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
    kill_group(process)
    process.wait()


def kill_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def finish(command, seconds, started=lambda process: None, **options):
    """Runs `command` to its end; returns its exit code, None when time ran out, and its output.
    `started` is told of the process.
    """
    process = spawn(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    started(process)
    try:
        output, _ = process.communicate(timeout=seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        kill_group(process)
        output, _ = process.communicate()
        code = None
    finally:
        kill_group(process)
    return code, output.decode(errors="replace")
