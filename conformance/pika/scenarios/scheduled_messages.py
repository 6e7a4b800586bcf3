import time

from support import connect, consume, name, publish, take

DELAY = 0.3

with connect() as connection:
    channel = connection.channel()
    queue = name("scheduled")
    channel.queue_declare(queue, exclusive=True, arguments={"x-delayed": True})
    published = time.monotonic()
    publish(channel, queue, "last", headers={"x-delay": int(2 * DELAY * 1000)})
    publish(channel, queue, "later", headers={"x-delay": int(DELAY * 1000)})
    publish(channel, queue, "now")
    deliveries = consume(channel, queue, auto_ack=True)
    for text, after in [("now", 0), ("later", DELAY), ("last", 2 * DELAY)]:
        ((_, _, body),) = take(connection, deliveries, 1)
        assert body.decode() == text, body
        assert time.monotonic() - published >= after, "it came too early"
