import threading

from kombu import Consumer, Producer, Queue, uuid

from support import PATIENCE, connect, name, receive

requests = Queue(name("rpc_queue"), durable=False)
CALLS = 5
serving = threading.Event()


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def serve():
    with connect() as connection:
        channel = connection.channel()
        producer = Producer(channel)
        answered = []

        def answer(body, message):
            producer.publish(
                {"result": fib(body["fib"])},
                routing_key=message.properties["reply_to"],
                correlation_id=message.properties["correlation_id"],
            )
            message.ack()
            answered.append(message)

        with Consumer(channel, [requests], prefetch_count=1, callbacks=[answer]):
            serving.set()
            while len(answered) < CALLS:
                connection.drain_events(timeout=PATIENCE)


server = threading.Thread(target=serve, daemon=True)
server.start()
assert serving.wait(PATIENCE)

with connect() as client:
    channel = client.channel()
    callback = Queue(uuid(), exclusive=True, auto_delete=True)
    callback(channel).declare()
    producer = Producer(channel)
    calls = {uuid(): n for n in range(10, 10 + CALLS)}
    for correlation_id, n in calls.items():
        producer.publish(
            {"fib": n},
            routing_key=requests.name,
            reply_to=callback.name,
            correlation_id=correlation_id,
        )
    for reply in receive(channel, callback, CALLS):
        assert reply.payload == {"result": fib(calls.pop(reply.properties["correlation_id"]))}
    assert not calls
    server.join(PATIENCE)
    requests(channel).delete()
