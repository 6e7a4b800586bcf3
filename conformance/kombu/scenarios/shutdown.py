"""py-amqp hears of the stop when it takes in events, so it does while the broker stops."""

import threading

import amqp
from kombu import Producer, Queue

from support import PATIENCE, bodies, confirming, connect, control, name

queue = Queue(name("durable"), durable=True)

connection = confirming()
producer = Producer(connection.channel(), routing_key=queue.name, serializer="raw")
for text in ("1", "2"):
    producer.publish(text, declare=[queue], delivery_mode="persistent")

stopping = threading.Thread(target=control, args=("/broker/stop",))
stopping.start()
try:
    connection.drain_events(timeout=PATIENCE)
    raise AssertionError("the end of the broker went unnoticed")
except amqp.exceptions.ConnectionForced as closed:
    assert closed.reply_code == 320, closed
    assert closed.reply_text.startswith("CONNECTION_FORCED"), closed
except ConnectionResetError:
    # py-amqp answers before it raises what it was told; RabbitMQ does not wait for the answer.
    pass
stopping.join()
control("/broker/start")
with connect() as connection:
    channel = connection.channel()
    assert bodies(channel, queue, 2) == ["1", "2"]
    queue(channel).delete()
