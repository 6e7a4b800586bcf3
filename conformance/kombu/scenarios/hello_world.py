from kombu import Producer, Queue

from support import bodies, connect, name

queue = Queue(name("hello"), durable=False)

with connect() as sender:
    Producer(sender.channel()).publish(
        "Hello World!", routing_key=queue.name, declare=[queue], serializer="raw"
    )

with connect() as receiver:
    channel = receiver.channel()
    assert bodies(channel, queue, 1) == ["Hello World!"]
    queue(channel).delete()
