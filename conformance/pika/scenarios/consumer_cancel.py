from support import bodies, connect, eventually, name

with connect() as connection:
    channel = connection.channel()
    cancelled, delivered = [], []
    channel.add_on_cancel_callback(lambda frame: cancelled.append(frame.method.consumer_tag))
    queue = name("doomed")
    channel.queue_declare(queue)
    tag = channel.basic_consume(queue, lambda _, __, ___, body: delivered.append(body), auto_ack=True)
    channel.basic_publish("", queue, "before")
    eventually(lambda: connection.process_data_events(0.02) or delivered == [b"before"])

    connection.channel().queue_delete(queue)

    eventually(lambda: connection.process_data_events(0.02) or cancelled == [tag])
    assert channel.is_open
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", queue, "after")
    assert bodies(channel, queue, 1) == ["after"]
