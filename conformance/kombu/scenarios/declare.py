from kombu import Exchange, Producer, Queue

from support import confirming, name, ready, refused

queue = Queue(name("queue"), durable=True)
exchange = Exchange(name("exchange"), "topic", durable=True)

with confirming() as connection:
    channel = connection.channel()

    assert queue(channel).queue_declare().message_count == 0
    Producer(channel).publish("kept", routing_key=queue.name)
    again = queue(channel).queue_declare()
    assert (again.queue, again.message_count, again.consumer_count) == (queue.name, 1, 0)
    assert ready(channel, queue.name) == 1
    text = f"PRECONDITION_FAILED - inequivalent arg 'durable' for queue '{queue.name}' in vhost '/'"
    transient = Queue(queue.name, durable=False)
    refused(connection, 406, text, lambda channel: transient(channel).declare())
    text = text.replace("durable", "x-max-length")
    limited = Queue(queue.name, durable=True, max_length=5)
    refused(connection, 406, text, lambda channel: limited(channel).declare())

    exchange(channel).declare()
    exchange(channel).declare()
    exchange(channel).declare(passive=True)
    text = f"PRECONDITION_FAILED - inequivalent arg 'type' for exchange '{exchange.name}' in vhost '/'"
    fanout = Exchange(exchange.name, "fanout", durable=True)
    refused(connection, 406, text, lambda channel: fanout(channel).declare())
    text = "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'"
    # Not by Exchange.declare, for kombu takes an exchange called amq.* as there.
    mine = lambda channel: channel.exchange_declare("amq.mine", "fanout")
    refused(connection, 403, text, mine)

    first, second = (Queue("", exclusive=True)(channel) for _ in range(2))
    first.declare()
    second.declare()
    assert first.name.startswith("amq.gen-") and first.name != second.name

    exchange(channel).delete()
    assert queue(channel).delete() == 1
    text = f"NOT_FOUND - no queue '{queue.name}' in vhost '/'"
    refused(connection, 404, text, lambda channel: ready(channel, queue.name))
    text = f"NOT_FOUND - no exchange '{exchange.name}' in vhost '/'"
    refused(connection, 404, text, lambda channel: exchange(channel).declare(passive=True))
    assert queue(channel).delete() == 0
