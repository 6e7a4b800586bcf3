import os

from support import connect, receive

SIZES = (0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000)

with connect() as connection:
    channel = connection.channel()
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    sent = [os.urandom(size) for size in SIZES]
    for body in sent:
        channel.basic_publish(exchange="", routing_key=queue, body=body)
    for (_, _, body), expected in zip(receive(channel, queue, len(sent)), sent, strict=True):
        assert body == expected, f"a body of {len(expected)} octets came as {len(body)} octets"
