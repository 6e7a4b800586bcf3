import queue

from kombu import Producer, Queue

from support import connect, name

polled = Queue(name("polled"), durable=False)

with connect() as connection:
    channel = connection.channel()
    bound = polled(channel)
    bound.declare()
    assert bound.get() is None

    producer = Producer(channel, routing_key=polled.name, serializer="raw")
    for text in ("one", "two", "three"):
        producer.publish(text)
    message = bound.get(no_ack=True)
    assert message.decode() == "one"
    assert message.delivery_info["message_count"] == 2
    assert message.delivery_info["redelivered"] is False
    assert message.delivery_info["routing_key"] == polled.name
    message = bound.get()
    assert message.decode() == "two"
    message.ack()
    assert bound.get().decode() == "three"
    assert bound.get() is None
    channel.close()

    with connection.SimpleQueue(polled, queue_opts={"durable": False}) as simple:
        message = simple.get(timeout=10)
        assert message.decode() == "three"
        assert message.delivery_info["redelivered"] is True
        message.ack()
        try:
            simple.get_nowait()
            raise AssertionError("an empty queue gave a message")
        except queue.Empty:
            pass
    polled(connection.channel()).delete()
