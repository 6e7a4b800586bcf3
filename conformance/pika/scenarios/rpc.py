import threading
import uuid

import pika

from support import PATIENCE, connect, name, receive

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
            if method.delivery_tag == CALLS:
                break
        channel.cancel()


server = threading.Thread(target=serve, daemon=True)
server.start()
assert serving.wait(PATIENCE)

with connect() as client:
    channel = client.channel()
    callback = channel.queue_declare(queue="", exclusive=True).method.queue
    calls = {str(uuid.uuid4()): n for n in range(10, 10 + CALLS)}
    for correlation_id, n in calls.items():
        channel.basic_publish(
            exchange="",
            routing_key=queue,
            properties=pika.BasicProperties(reply_to=callback, correlation_id=correlation_id),
            body=str(n),
        )
    for _, properties, body in receive(channel, callback, CALLS):
        assert int(body) == fib(calls.pop(properties.correlation_id))
    assert not calls
    server.join(PATIENCE)
    channel.queue_delete(queue=queue)
