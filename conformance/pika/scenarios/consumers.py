from pika.exceptions import ChannelClosedByBroker

from support import PATIENCE, QUIET, connect, name


def consume(channel, queue, **arguments):
    """Deliveries as (delivery tag, redelivered, body), which come with the connection's events."""
    deliveries = []

    def take(_, method, __, body):
        deliveries.append((method.delivery_tag, method.redelivered, body.decode()))

    arguments = {f"x-{key}": value for key, value in arguments.items()}
    channel.basic_consume(queue, take, arguments=arguments)
    return deliveries


def settled(connection, *counts):
    """Waits until the consumers have so many deliveries, and sees that no more follow."""
    waited = 0
    while any(len(deliveries) < count for deliveries, count in counts) and waited < PATIENCE:
        connection.process_data_events(QUIET)
        waited += QUIET
    connection.process_data_events(QUIET)
    assert all(len(deliveries) == count for deliveries, count in counts), counts


def publish(channel, queue, *bodies):
    for body in bodies:
        channel.basic_publish(exchange="", routing_key=queue, body=body)


with connect() as connection:
    channel = connection.channel()
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    channel.basic_qos(prefetch_count=1)
    low = consume(channel, queue, priority=-1)
    high = consume(channel, queue, priority=10)
    publish(channel, queue, "1", "2", "3")
    settled(connection, (high, 1), (low, 1))
    assert (high[0][2], low[0][2]) == ("1", "2")
    channel.basic_ack(high[0][0])
    settled(connection, (high, 2), (low, 1))
    assert high[1][2] == "3"

    queue = name("single")
    first, second, third = (connection.channel() for _ in range(3))
    first.queue_declare(queue, exclusive=True, arguments={"x-single-active-consumer": True})
    active, waiting = consume(first, queue), consume(second, queue)
    publish(first, queue, "1", "2")
    settled(connection, (active, 2), (waiting, 0))
    first.close()
    settled(connection, (active, 2), (waiting, 2))
    assert [delivery[1:] for delivery in waiting] == [(True, "1"), (True, "2")]
    try:
        third.basic_consume(queue, lambda *_: None, exclusive=True)
        raise AssertionError("consumed exclusively from a queue with a single active consumer")
    except ChannelClosedByBroker as error:
        assert error.reply_code == 403, error
