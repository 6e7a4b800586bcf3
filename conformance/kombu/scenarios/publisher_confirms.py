from kombu import Producer, Queue

from support import confirming, name, ready

queue = Queue(name("confirms"), durable=True)

with confirming() as connection:
    channel = connection.channel()
    queue(channel).declare()
    acked = []
    channel.events["basic_ack"].add(lambda tag, multiple: acked.append(tag))
    producer = Producer(channel, routing_key=queue.name)
    for number in range(100):
        producer.publish({"number": number}, delivery_mode="persistent")
        assert acked[-1] == number + 1, "publish returned before its confirm"
    assert ready(channel, queue.name) == 100

    producer.publish({"dropped": True}, routing_key=name("nowhere"))
    assert acked[-1] == 101
    assert queue(channel).purge() == 100
    queue(channel).delete()
