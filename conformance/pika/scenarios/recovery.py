"""pika does not recover by itself: who uses it connects and declares again."""

import pika

from support import confirming, connect, consume, control, name, publish, take, texts

queue, exchange = name("durable"), name("exchange")


def declare(channel):
    channel.exchange_declare(exchange, "direct", durable=True)
    channel.queue_declare(queue, durable=True)
    channel.queue_bind(queue, exchange, "key")


connection = connect()
channel = confirming(connection)
declare(channel)
publish(channel, "key", "1", "2", exchange=exchange, delivery_mode=2)
publish(channel, "key", "transient", exchange=exchange)

control("/broker/kill")

try:
    connection.process_data_events(10)
    raise AssertionError("the broker's death went unnoticed")
except pika.exceptions.AMQPConnectionError:
    pass
control("/broker/start")
with connect() as connection:
    channel = confirming(connection)
    channel.exchange_declare(exchange, passive=True)
    publish(channel, "key", "3", exchange=exchange, delivery_mode=2)
    declare(channel)
    deliveries = consume(channel, queue, auto_ack=True)
    assert texts(take(connection, deliveries, 3)) == ["1", "2", "3"]
    channel.exchange_delete(exchange)
    channel.queue_delete(queue)
