from support import bodies, connect, name

queue = name("hello")

with connect() as sender:
    channel = sender.channel()
    channel.queue_declare(queue=queue)
    channel.basic_publish(exchange="", routing_key=queue, body="Hello World!")

with connect() as receiver:
    channel = receiver.channel()
    channel.queue_declare(queue=queue)
    assert bodies(channel, queue, 1) == ["Hello World!"]
    channel.queue_delete(queue=queue)
