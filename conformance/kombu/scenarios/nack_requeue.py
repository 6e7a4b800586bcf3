from kombu import Producer, Queue

from support import connect, name, receive

with connect() as connection:
    channel = connection.channel()
    queue = Queue(name("returned"), durable=False)(channel)
    queue.declare()
    producer = Producer(channel, routing_key=queue.name, serializer="raw")
    for number in range(5):
        producer.publish(str(number))

    messages = [queue.get() for _ in range(5)]
    messages[3].requeue()
    messages[1].requeue()
    messages[4].reject()
    again = [queue.get() for _ in range(2)]
    assert [message.decode() for message in again] == ["1", "3"]
    assert all(message.delivery_info["redelivered"] for message in again)

    channel.basic_recover(requeue=True)
    came = receive(channel, queue, 4)
    assert [message.decode() for message in came] == ["0", "1", "2", "3"]
    assert all(message.delivery_info["redelivered"] for message in came)
    assert queue.get() is None
    queue.delete()
