import time

from pika.exceptions import ChannelClosedByBroker

from support import (
    PATIENCE, confirming, connect, consume, drain, name, publish, refuse_arguments,
)

EXPIRES = 0.8


def counts(connection, queue):
    """Messages and consumers of a queue, None when there is no such queue."""
    channel = connection.channel()
    try:
        found = channel.queue_declare(queue, passive=True).method
        channel.close()
        return found.message_count, found.consumer_count
    except ChannelClosedByBroker as error:
        assert error.reply_code == 404, error
        return None


def await_end(connection, queue):
    """Waits until a queue is gone; to look is to use it, so this looks seldom."""
    deadline = time.monotonic() + PATIENCE
    while counts(connection, queue) is not None:
        assert time.monotonic() < deadline, f"{queue} is still there"
        time.sleep(1.25 * EXPIRES)


with connect() as connection:
    channel = confirming(connection)
    idle, used, dead = name("idle"), name("used"), name("dead")
    channel.queue_declare(dead, exclusive=True)
    arguments = {
        "x-expires": int(EXPIRES * 1000),
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead,
    }
    channel.queue_declare(used, durable=True, arguments=arguments)
    consume(channel, used)
    channel.queue_declare(idle, durable=True, arguments=arguments)
    publish(channel, idle, "goes with its queue")
    await_end(connection, idle)
    assert drain(channel, dead) == [], "what a queue held when it expired was dead-lettered"
    assert counts(connection, used) == (0, 1)
    channel.cancel()
    channel.close()
    await_end(connection, used)

    invalid = "invalid arg 'x-expires' for queue '{queue}' in vhost '/': "
    cases = [
        ({"x-expires": 0}, invalid + "{value_zero,0}"),
        ({"x-expires": -1}, invalid + "{value_negative,-1}"),
    ]
    refuse_arguments(connection, cases)
