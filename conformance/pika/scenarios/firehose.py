from pika import BasicProperties

from support import connect, consume, name, take

EXCHANGE = "amq.rabbitmq.trace"

with connect() as connection:
    channel = connection.channel()
    channel.exchange_declare(EXCHANGE, exchange_type="topic", passive=True)
    traces = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(traces, EXCHANGE, "#")
    deliveries = consume(channel, traces, auto_ack=True)

    exchange, queue = name("traced"), name("queue")
    other = connection.channel()
    other.exchange_declare(exchange, exchange_type="direct", auto_delete=True)
    other.queue_declare(queue, exclusive=True)
    other.queue_bind(queue, exchange, "hidden")
    headers = {"CC": ["copied"], "BCC": ["hidden"], "n": 5}
    properties = BasicProperties(content_type="text/plain", delivery_mode=2, headers=headers)
    other.basic_publish(exchange, "key", "traced", properties)
    method, _, _ = take(connection, consume(other, queue), 1)[0]
    other.basic_nack(method.delivery_tag, requeue=True)

    (published, first, second) = take(connection, deliveries, 3)
    expected = [("publish." + exchange, None), ("deliver." + queue, 0), ("deliver." + queue, 1)]
    for (method, properties, body), (key, redelivered) in zip((published, first, second), expected):
        assert (method.exchange, method.routing_key, body) == (EXCHANGE, key, b"traced"), method
        headers = properties.headers
        assert headers["exchange_name"] == exchange, headers
        assert headers["routing_keys"] == ["key", "copied", "hidden"], headers
        told = {"content_type": "text/plain", "delivery_mode": 2}
        assert headers["properties"] == told | {"headers": {"CC": ["copied"], "n": 5}}, headers
        assert (headers["vhost"], headers["user"]) == ("/", "guest"), headers
        assert headers["channel"] == other.channel_number and headers["connection"], headers
        assert "@" in headers["node"], headers
        assert headers.get("redelivered") == redelivered, headers
    assert published[1].headers["routed_queues"] == [queue], published

    other.basic_publish("", "nowhere", "unrouted")
    ((method, properties, body),) = take(connection, deliveries, 1)
    assert (method.routing_key, body) == ("publish.", b"unrouted"), method
    assert properties.headers["properties"] == {}, properties
