"""kombu's own recovery: ConsumerMixin connects, declares and consumes again, `retry` publishes again."""

import threading

from kombu import Exchange, Producer, Queue
from kombu.mixins import ConsumerMixin

from support import PATIENCE, bodies, confirming, connect, control, eventually, name

exchange = Exchange(name("exchange"), "direct", durable=False)
live = Queue(name("live"), exchange, "live", durable=False)
kept = Queue(name("kept"), durable=True)


class Worker(ConsumerMixin):
    def __init__(self, connection):
        self.connection = connection
        self.received = []

    def get_consumers(self, Consumer, channel):
        return [Consumer([live], callbacks=[self.receive])]

    def receive(self, body, message):
        self.received.append(body)
        message.ack()


with confirming() as connection:
    producer = Producer(connection)

    def publish(body, queue):
        options = {"exchange": queue.exchange, "routing_key": queue.routing_key or queue.name}
        policy = {"interval_start": 0.1, "max_retries": 50}
        producer.publish(body, declare=[queue], retry=True, retry_policy=policy, **options)

    for number in range(3):
        publish(number, kept)
    worker = Worker(connect())
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    publish("before", live)
    eventually(lambda: worker.received == ["before"])

    control("/broker/kill")
    control("/broker/start")

    publish("after", live)
    eventually(lambda: worker.received == ["before", "after"])
    worker.should_stop = True
    thread.join(PATIENCE)
    channel = connection.channel()
    assert bodies(channel, kept, 3) == [0, 1, 2]
    for entity in (live, kept, exchange):
        entity(channel).delete()
