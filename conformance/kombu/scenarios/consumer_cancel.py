import amqp
from kombu import Producer, Queue

from support import bodies, connect, name, quiet, until

with connect() as connection:
    channel = connection.channel()
    cancelled, delivered = [], []
    queue = Queue(name("doomed"), durable=False)(channel)
    queue.declare()
    tag = queue.consume(callback=delivered.append, no_ack=True, on_cancel=cancelled.append)
    Producer(channel, serializer="raw").publish("before", routing_key=queue.name)
    until(connection, lambda: [message.body for message in delivered] == ["before"])

    queue(connection.channel()).delete()

    until(connection, lambda: cancelled == [tag])

    queue.declare()
    queue.consume(callback=delivered.append)
    queue(connection.channel()).delete()
    try:
        quiet(connection)
        raise AssertionError("a consumer without a callback for it was not told")
    except amqp.exceptions.ConsumerCancelled:
        pass

    assert channel.is_open
    queue = Queue(name("next"), exclusive=True)
    queue(channel).declare()
    Producer(channel, serializer="raw").publish("after", routing_key=queue.name)
    assert bodies(channel, queue, 1) == ["after"]
