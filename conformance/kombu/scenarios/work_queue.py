from kombu import Consumer, Producer, Queue

from support import PATIENCE, connect, name, ready

queue = Queue(name("task_queue"), durable=True)


class Worker:
    """Consumes with prefetch 1 and acknowledges only when told to."""

    def __init__(self):
        self.connection = connect()
        self.tasks = []
        consumer = Consumer(
            self.connection.channel(), [queue], prefetch_count=1, on_message=self.tasks.append
        )
        consumer.consume()

    def next_task(self):
        while not self.tasks:
            self.connection.drain_events(timeout=PATIENCE)
        return self.tasks.pop()


def redelivered(message):
    return message.delivery_info["redelivered"]


with connect() as boss:
    channel = boss.channel()
    producer = Producer(channel, routing_key=queue.name)
    queue(channel).declare()

    dropped, survivor = Worker(), Worker()
    producer.publish({"task": "dangerous"}, delivery_mode="persistent")
    message = dropped.next_task()
    assert (message.payload, redelivered(message)) == ({"task": "dangerous"}, False)
    dropped.connection.close()
    held = survivor.next_task()
    assert (held.payload, redelivered(held)) == ({"task": "dangerous"}, True)

    other = Worker()
    for number in range(4):
        producer.publish({"task": number}, delivery_mode="persistent")
    for number in range(4):
        message = other.next_task()
        assert message.payload == {"task": number}, "the busy worker took a task"
        message.ack()

    held.ack()
    survivor.connection.close()
    other.connection.close()
    assert ready(channel, queue.name) == 0
    queue(channel).delete()
