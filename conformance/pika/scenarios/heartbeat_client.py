import pika

from support import connect, consume, control, name, publish, take, texts

connection = connect(heartbeat=1)
channel = connection.channel()
queue = name("held")
channel.queue_declare(queue)
publish(channel, queue, "held")
assert texts(take(connection, consume(channel, queue), 1)) == ["held"]

control("/client/freeze?seconds=5")

with connect() as other:
    method, _, body = other.channel().basic_get(queue)
    assert body == b"held" and method.redelivered
try:
    connection.process_data_events(5)
    channel.queue_declare(queue, passive=True)
    raise AssertionError("a connection that was given up still works")
except pika.exceptions.AMQPConnectionError:
    pass
with connect() as other:
    other.channel().queue_delete(queue)
