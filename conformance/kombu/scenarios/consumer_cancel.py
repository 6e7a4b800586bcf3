import amqp
from kombu import Producer, Queue

from support import bodies, connect, name, until

with connect() as connection:
    channel = connection.channel()
    cancelled, delivered = [], []
    queue = Queue(name("doomed"), durable=False)(channel)
    queue.declare()
    # Not by Queue.consume, which has no on_cancel in old versions.
    options = {"callback": delivered.append, "on_cancel": cancelled.append}
    channel.basic_consume(queue.name, consumer_tag="told", no_ack=True, **options)
    Producer(channel, serializer="raw").publish("before", routing_key=queue.name)
    until(connection, lambda: [message.body for message in delivered] == ["before"])

    queue(connection.channel()).delete()

    until(connection, lambda: cancelled == ["told"])

    queue.declare()
    queue.consume(callback=delivered.append)
    # A consumer without a callback for it is told by an exception, whatever is being waited for.
    try:
        queue(connection.channel()).delete()
        until(connection, lambda: False)
    except amqp.exceptions.ConsumerCancelled:
        pass

    assert channel.is_open
    queue = Queue(name("next"), exclusive=True)
    queue(channel).declare()
    Producer(channel, serializer="raw").publish("after", routing_key=queue.name)
    assert bodies(channel, queue, 1) == ["after"]
