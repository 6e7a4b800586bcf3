import threading
import time
import uuid

import pika

from support import PATIENCE, connect, name

queue = name("rpc_queue")
CALLS = 5
serving = threading.Event()


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def serve():
    with connect() as connection:
        channel = connection.channel()
        channel.queue_declare(queue=queue)
        channel.basic_qos(prefetch_count=1)
        serving.set()
        for method, properties, body in channel.consume(queue, inactivity_timeout=PATIENCE):
            channel.basic_publish(
                exchange="",
                routing_key=properties.reply_to,
                properties=pika.BasicProperties(correlation_id=properties.correlation_id),
                body=str(fib(int(body))),
            )
            channel.basic_ack(method.delivery_tag)
            if method.delivery_tag == 2 * CALLS:
                break
        channel.cancel()


def call(client, channel, callback):
    """Has requests answered that name `callback` as reply_to."""
    calls = {str(uuid.uuid4()): n for n in range(10, 10 + CALLS)}
    replies = []
    channel.basic_consume(callback, lambda *reply: replies.append(reply[2:]), auto_ack=True)
    for correlation_id, n in calls.items():
        channel.basic_publish(
            exchange="",
            routing_key=queue,
            properties=pika.BasicProperties(reply_to=callback, correlation_id=correlation_id),
            body=str(n),
        )
    deadline = time.monotonic() + PATIENCE
    while len(replies) < CALLS and time.monotonic() < deadline:
        client.process_data_events(time_limit=1)
    for properties, body in replies:
        assert int(body) == fib(calls.pop(properties.correlation_id))
    assert not calls


server = threading.Thread(target=serve, daemon=True)
server.start()
assert serving.wait(PATIENCE)

with connect() as client:
    channel = client.channel()
    call(client, channel, channel.queue_declare(queue="", exclusive=True).method.queue)
    call(client, channel, "amq.rabbitmq.reply-to")
    server.join(PATIENCE)
    channel.queue_delete(queue=queue)
