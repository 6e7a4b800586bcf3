"""What every celery scenario needs: a worker."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PATIENCE = 10
"""Seconds after which something that should have come counts as missing."""

CELERY = Path(sys.executable).with_name("celery")


@contextlib.contextmanager
def worker():
    """A worker in processes of its own, for as long as the context lasts."""
    command = [CELERY, "--app", "tasks", "worker", "--loglevel", "WARNING"]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()


def delete(app, queue):
    """Deletes a queue of tasks, and the exchange of that name with which celery binds it."""
    with app.connection() as connection:
        connection.default_channel.queue_delete(queue)
        connection.default_channel.exchange_delete(queue)


def ask(app, command, **arguments):
    """What the worker answers to a command."""
    (answer,) = app.control.broadcast(command, arguments=arguments, reply=True, timeout=PATIENCE, limit=1)
    return next(iter(answer.values()))


def prefetch(app):
    """The prefetch that the worker has set."""
    return ask(app, "stats")["prefetch_count"]


def is_done(app, result):
    """Whether the worker is through with a task: its result may come while it still learns of that."""
    return result.id not in ask(app, "query_task", ids=[result.id])


def eventually(check, patience=PATIENCE):
    """Waits until `check()` is true."""
    deadline = time.monotonic() + patience
    while not check():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.05)


def control(path):
    """Has the harness do something to the broker (harness/control.py)."""
    with urllib.request.urlopen(os.environ["CONFORMANCE_CONTROL"] + path) as answer:
        assert answer.status == 200, answer.read()
