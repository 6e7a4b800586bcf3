import pika

from support import bodies, connect, name

exchange = name("logs")


def subscribe(connection):
    channel = connection.channel()
    channel.exchange_declare(exchange=exchange, exchange_type="fanout")
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    assert queue.startswith("amq.gen-"), queue
    channel.queue_bind(exchange=exchange, queue=queue)
    return channel, queue


with connect() as publisher:
    channel = publisher.channel()
    channel.exchange_declare(exchange=exchange, exchange_type="fanout")
    channel.basic_publish(exchange=exchange, routing_key="", body="nobody listens")

    first, second = connect(), connect()
    subscriptions = [subscribe(first), subscribe(second)]
    for text in ("info: one", "info: two"):
        channel.basic_publish(exchange=exchange, routing_key="ignored", body=text)
    for subscriber, queue in subscriptions:
        assert bodies(subscriber, queue, 2) == ["info: one", "info: two"]

    _, queue = subscriptions[0]
    try:
        publisher.channel().queue_declare(queue=queue, passive=True)
        raise AssertionError("an exclusive queue was open to another connection")
    except pika.exceptions.ChannelClosedByBroker as refused:
        assert refused.reply_code == 405, refused

    first.close()
    second.close()
    try:
        publisher.channel().queue_declare(queue=queue, passive=True)
        raise AssertionError("an exclusive queue outlived its connection")
    except pika.exceptions.ChannelClosedByBroker as gone:
        assert gone.reply_code == 404, gone
    channel.exchange_delete(exchange)
