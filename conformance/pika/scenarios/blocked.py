from support import connect, consume, control, eventually, publish, take, texts

with connect() as publisher, connect() as consumer:
    told = []
    publisher.add_on_connection_blocked_callback(lambda _, frame: told.append(frame.method.reason))
    publisher.add_on_connection_unblocked_callback(lambda *_: told.append("unblocked"))
    outgoing, incoming = publisher.channel(), consumer.channel()
    queue = incoming.queue_declare("", exclusive=False, auto_delete=True).method.queue
    publish(outgoing, queue, "before")
    deliveries = consume(incoming, queue, auto_ack=True)
    assert texts(take(consumer, deliveries, 1)) == ["before"]

    control("/broker/block")
    publish(outgoing, queue, "meanwhile")
    eventually(lambda: publisher.process_data_events(0.02) or told == ["low on memory"])
    consumer.process_data_events(0.3)
    assert not deliveries
    assert incoming.queue_declare(queue, passive=True).method.consumer_count == 1

    control("/broker/unblock")
    eventually(lambda: publisher.process_data_events(0.02) or told == ["low on memory", "unblocked"])
    assert texts(take(consumer, deliveries, 1)) == ["meanwhile"]
