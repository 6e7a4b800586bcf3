"""The brokers there are to choose from: started here and stopped again, or taken as they are."""

import contextlib

from harness.broker import Broker, await_start_frame
from harness.leveret import Leveret
from harness.rabbitmq import RabbitMq, RabbitMq4

STARTED = {"leveret": Leveret, "rabbitmq": RabbitMq, "rabbitmq-4": RabbitMq4}


def home(against):
    """The folder that the broker's directory has to be in, if that matters, with all else there."""
    if against not in STARTED:
        return None
    STARTED[against].prepare()
    return STARTED[against].home


@contextlib.contextmanager
def open_broker(against, directory, binary):
    """The broker that `--against` names, for as long as the context lasts; `binary` is Leveret's."""
    if against not in STARTED:
        broker = given(against)
        await_start_frame(broker)
        yield broker
        return
    broker = STARTED[against](directory, binary)
    try:
        broker.start()
        yield broker
    finally:
        broker.close()


def check_choice(against):
    """The value of `--against`, when `open_broker` can make sense of it."""
    if against not in STARTED:
        given(against)
    return against


def given(address):
    host, _, port = address.rpartition(":")
    if not host:
        raise ValueError(address)
    return Broker("given", address, host, int(port))
