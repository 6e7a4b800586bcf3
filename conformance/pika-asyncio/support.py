"""What scenarios for pika's adapters need: an event loop, and the steps that they take on it.

A scenario is a generator. It yields functions that start something and take a
callback for its end, as pika's methods do; it goes on with what the callback got.
"""

import asyncio
import os
import urllib.request

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.adapters.select_connection import IOLoop

PATIENCE = 10
"""Seconds after which something that should have come counts as missing."""

QUIET = 0.3
"""Seconds of silence after which nothing more is expected."""

if os.environ["PIKA_ADAPTER"] == "asyncio":
    Connection, loop = AsyncioConnection, asyncio.new_event_loop()
    start = loop.run_forever
else:
    Connection, loop = pika.SelectConnection, IOLoop()
    start = loop.start


def run(scenario):
    """Runs a scenario to its end; what it raises is raised here."""
    steps = scenario()
    number, failure = 0, None

    def go_on(*values):
        nonlocal number, failure
        number += 1
        try:
            begin = steps.send(values[0] if len(values) == 1 else values or None)
            loop.call_later(PATIENCE, lambda step=number: give_up(step))
            begin(go_on)
        except StopIteration:
            loop.stop()
        except BaseException as error:
            failure = failure or error
            loop.stop()

    def give_up(step):
        nonlocal failure
        if step == number:
            failure = TimeoutError(f"step {step} of the scenario did not end")
            loop.stop()

    loop.call_later(0, go_on)
    start()
    if failure:
        raise failure


def connect(done):
    """Opens a connection; it ends with the connection, or with the reason why there is none."""
    parameters = pika.URLParameters(os.environ["AMQP_URI"])
    refused = lambda _, error: done(error)
    Connection(parameters, on_open_callback=done, on_open_error_callback=refused, custom_ioloop=loop)


def until(check):
    """A step that ends when `check()` is true."""

    def begin(done):
        if check():
            done()
        else:
            loop.call_later(0.02, lambda: begin(done))

    return begin


def pause(seconds):
    return lambda done: loop.call_later(seconds, done)


def confirmed(confirms):
    """The delivery tags that these basic.ack confirm."""
    tags = set()
    for confirm in confirms:
        assert isinstance(confirm, pika.spec.Basic.Ack), confirm
        first = 1 if confirm.multiple else confirm.delivery_tag
        tags.update(range(first, confirm.delivery_tag + 1))
    return tags


def name(suffix):
    """A queue or exchange name that no other scenario uses."""
    return f"{os.environ['CONFORMANCE_PREFIX']}.{suffix}"


def control(path):
    """Has the harness do something to the broker (harness/control.py)."""
    with urllib.request.urlopen(os.environ["CONFORMANCE_CONTROL"] + path) as answer:
        assert answer.status == 200, answer.read()
