import re

from support import connect, consume, take

EXCHANGE = "amq.rabbitmq.log"
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00 \[info\] <[^>]+> .*\n")

with connect() as connection:
    channel = connection.channel()
    channel.exchange_declare(EXCHANGE, exchange_type="topic", durable=True, internal=True)
    lines = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(lines, EXCHANGE, "info")
    deliveries = consume(channel, lines, auto_ack=True)

    with connect():
        text = ""
        while "user 'guest' authenticated and granted access to vhost '/'" not in text:
            ((method, properties, body),) = take(connection, deliveries, 1)
            text = body.decode()
    assert (method.exchange, method.routing_key) == (EXCHANGE, "info"), method
    assert LINE.fullmatch(text), text
    assert properties.content_type == "text/plain" and properties.timestamp > 0, properties
    assert "@" in properties.headers["node"], properties
