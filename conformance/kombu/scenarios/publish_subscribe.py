import amqp
from kombu import Exchange, Producer, Queue

from support import bodies, connect, name, ready

exchange = Exchange(name("logs"), type="fanout", durable=False)


def subscribe(connection):
    channel = connection.channel()
    queue = Queue("", exchange, exclusive=True, durable=False)(channel)
    queue.declare()
    assert queue.name.startswith("amq.gen-"), queue.name
    return channel, queue


def declare_passively(connection, queue, code):
    try:
        ready(connection.channel(), queue.name)
    except amqp.exceptions.ChannelError as refused:
        assert refused.reply_code == code, refused
    else:
        raise AssertionError(f"declared {queue.name}, expected {code}")


with connect() as publisher:
    producer = Producer(publisher.channel(), exchange, serializer="raw")
    producer.publish("nobody listens")

    first, second = connect(), connect()
    subscriptions = [subscribe(first), subscribe(second)]
    for text in ("info: one", "info: two"):
        producer.publish(text, routing_key="ignored")
    channel, queue = subscriptions[0]
    assert bodies(channel, queue, 2) == ["info: one", "info: two"]
    # Polled, for kombu's exclusive queues are auto_delete: they go with their last consumer.
    _, queue = subscriptions[1]
    assert [queue.get(no_ack=True).decode() for _ in range(2)] == ["info: one", "info: two"]

    declare_passively(publisher, queue, 405)
    first.close()
    second.close()
    declare_passively(publisher, queue, 404)
    exchange(publisher.channel()).delete()
