import pika

from support import PATIENCE, QUIET, connect, name

queue = name("task_queue")


def publish(channel, task):
    channel.basic_publish(
        exchange="",
        routing_key=queue,
        body=task,
        properties=pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent),
    )


class Worker:
    """Consumes with prefetch 1 and acknowledges only when told to."""

    def __init__(self):
        self.connection = connect()
        self.channel = self.connection.channel()
        self.channel.queue_declare(queue=queue, durable=True)
        self.channel.basic_qos(prefetch_count=1)
        self.tasks = self.channel.consume(queue, inactivity_timeout=PATIENCE)

    def next_task(self):
        method, _, body = next(self.tasks)
        assert method is not None, "no task came"
        return method, body.decode()


with connect() as boss:
    channel = boss.channel()
    channel.queue_declare(queue=queue, durable=True)

    dropped, survivor = Worker(), Worker()
    publish(channel, "dangerous")
    method, task = dropped.next_task()
    assert (task, method.redelivered) == ("dangerous", False)
    dropped.connection.close()
    method, task = survivor.next_task()
    assert (task, method.redelivered) == ("dangerous", True)

    other = Worker()
    for number in range(4):
        publish(channel, f"quick {number}")
    for number in range(4):
        method, task = other.next_task()
        assert task == f"quick {number}", f"the busy worker took the task before {task}"
        other.channel.basic_ack(method.delivery_tag)

    survivor.channel.basic_ack(1)
    survivor.connection.close()
    other.connection.close()
    boss.process_data_events(QUIET)
    assert channel.queue_declare(queue=queue, passive=True).method.message_count == 0
    channel.queue_delete(queue=queue)
