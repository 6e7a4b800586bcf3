import time

from support import connect, consume, name, publish, refused, take

KIND, DELAY = "x-delayed-message", 0.3

with connect() as connection:
    channel = connection.channel()
    exchange, some, other = name("delayed"), name("some"), name("other")
    arguments = {"x-delayed-type": "direct"}
    channel.exchange_declare(exchange, KIND, auto_delete=True, arguments=arguments)
    for queue, key in ((some, "some"), (other, "other")):
        channel.queue_declare(queue, exclusive=True)
        channel.queue_bind(queue, exchange, key)
    published = time.monotonic()
    for text, times in [("last", 2), ("later", 1)]:
        headers = {"x-delay": int(times * DELAY * 1000)}
        publish(channel, "some", text, exchange=exchange, headers=headers)
    publish(channel, "some", "now", exchange=exchange)
    publish(channel, "other", "elsewhere", exchange=exchange, headers={"x-delay": 1})

    deliveries = consume(channel, some, auto_ack=True)
    for text, after in [("now", 0), ("later", DELAY), ("last", 2 * DELAY)]:
        ((method, properties, body),) = take(connection, deliveries, 1)
        assert body.decode() == text, body
        assert time.monotonic() - published >= after, "it came too early"
        assert (method.exchange, method.routing_key) == (exchange, "some"), method
        delay = (properties.headers or {}).get("x-delay", 0)
        assert delay == -int(after * 1000), properties
    ((_, _, body),) = take(connection, consume(channel, other, auto_ack=True), 1)
    assert body == b"elsewhere", body

    text = "Invalid argument, 'x-delayed-type' must be an existing exchange type"
    refused(connection, 406, text, lambda c: c.exchange_declare(name("none"), KIND))
