import os

from kombu import Producer, Queue

from support import connect, name, receive

SIZES = (0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000)

with connect() as connection:
    channel = connection.channel()
    queue = Queue(name("bodies"), exclusive=True)
    queue(channel).declare()
    producer = Producer(channel, routing_key=queue.name)
    sent = [os.urandom(size) for size in SIZES]
    for body in sent:
        producer.publish(
            body, content_type="application/octet-stream", content_encoding="binary"
        )
    for message, expected in zip(receive(channel, queue, len(sent)), sent, strict=True):
        came = message.body if isinstance(message.body, bytes) else message.body.encode()
        assert came == expected, f"a body of {len(expected)} octets came as {len(came)} octets"
