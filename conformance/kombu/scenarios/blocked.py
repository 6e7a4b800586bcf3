from kombu import Consumer, Producer, Queue

from support import connect, control, name, quiet, ready, until

told = []
callbacks = {"on_blocked": told.append, "on_unblocked": lambda: told.append("unblocked")}

with connect(transport_options=callbacks) as publisher, connect() as consumer:
    queue = Queue(name("queue"), durable=False, auto_delete=True)
    channel = consumer.channel()
    came = []
    Consumer(channel, [queue], no_ack=True, on_message=came.append).consume()
    producer = Producer(publisher.channel(), routing_key=queue.name)
    producer.publish("before")
    until(consumer, lambda: [message.payload for message in came] == ["before"])

    control("/broker/block")
    producer.publish("meanwhile")
    # py-amqp does not pass on the broker's reason.
    until(publisher, lambda: told == ["connection blocked, see broker logs"])
    quiet(consumer)
    assert len(came) == 1
    assert queue(channel).queue_declare(passive=True).consumer_count == 1

    control("/broker/unblock")
    until(publisher, lambda: told[1:] == ["unblocked"])
    until(consumer, lambda: [message.payload for message in came] == ["before", "meanwhile"])
