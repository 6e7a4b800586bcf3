import pika

from support import bodies, connect, name

ring, full = name("ring"), name("full")

with connect() as connection:
    channel = connection.channel()
    channel.queue_declare(queue=ring, exclusive=True, arguments={"x-max-length": 3})
    for number in range(10):
        channel.basic_publish(exchange="", routing_key=ring, body=f"{number}")
    assert bodies(channel, ring, 3) == ["7", "8", "9"]

    limits = {"x-max-length": 2, "x-overflow": "reject-publish"}
    channel.queue_declare(queue=full, exclusive=True, arguments=limits)
    channel.confirm_delivery()
    refused = 0
    for number in range(5):
        try:
            channel.basic_publish(exchange="", routing_key=full, body=f"{number}")
        except pika.exceptions.NackError:
            refused += 1
    assert refused == 3, refused
    assert bodies(channel, full, 2) == ["0", "1"]
    channel.basic_publish(exchange="", routing_key=full, body="there is room again")
