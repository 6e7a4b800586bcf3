import time

from support import connect, consume, confirming, name, publish, take

RATE, COUNT = 40, 20

with connect() as connection:
    channel = confirming(connection)
    queue = name("rate")
    channel.queue_declare(queue, exclusive=True, arguments={"x-delivery-rate": RATE})
    publish(channel, queue, *map(str, range(COUNT)))
    started = time.monotonic()
    deliveries = take(connection, consume(channel, queue, auto_ack=True), COUNT)
    assert [int(body) for _, _, body in deliveries] == list(range(COUNT))
    assert time.monotonic() - started >= 0.9 * (COUNT - 2) / RATE, "they came too fast"
