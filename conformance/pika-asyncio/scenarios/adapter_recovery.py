"""Who uses pika's adapters reconnects when the close callback tells of the end."""

import threading

import pika

from support import connect, control, name, pause, run, until

queue = name("durable")


def consume(connection, deliveries):
    """Opens a channel, declares and consumes, as after each connect."""
    channel = yield lambda done: connection.channel(on_open_callback=done)
    yield lambda done: channel.queue_declare(queue, durable=True, callback=done)
    take = lambda _, __, ___, body: deliveries.append(body.decode())
    yield lambda done: channel.basic_consume(queue, take, auto_ack=True, callback=done)
    return channel


def scenario():
    deliveries = []
    connection = yield connect
    channel = yield from consume(connection, deliveries)
    channel.basic_publish("", queue, "before")
    yield until(lambda: deliveries == ["before"])

    control("/broker/kill")
    _, reason = yield connection.add_on_close_callback
    assert isinstance(reason, pika.exceptions.StreamLostError), reason
    refused = yield connect
    assert isinstance(refused, pika.exceptions.AMQPConnectionError), refused

    control("/broker/start")
    while not isinstance(connection := (yield connect), pika.connection.Connection):
        yield pause(0.1)
    channel = yield from consume(connection, deliveries)
    channel.basic_publish("", queue, "after")
    yield until(lambda: deliveries == ["before", "after"])
    yield lambda done: channel.queue_delete(queue, callback=done)

    stopping = threading.Thread(target=control, args=("/broker/stop",))
    stopping.start()
    _, reason = yield connection.add_on_close_callback
    assert reason.reply_code == 320, reason
    yield until(lambda: not stopping.is_alive())
    control("/broker/start")
    connection = yield connect
    assert connection.is_open
    connection.close()
    yield connection.add_on_close_callback


run(scenario)
