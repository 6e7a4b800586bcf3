from support import confirming, declared, drain, name, publish, refuse_queues, texts

with confirming() as connection:
    channel = connection.channel()
    queue = declared(channel, name("priorities"), max_priority=5)
    publish(channel, queue.name, "none", priority=None)
    for text in ("1", "3", "5", "0", "9", "3 again"):
        publish(channel, queue.name, text, priority=int(text[0]))
    messages = drain(queue)
    assert texts(messages) == ["5", "9", "3", "3 again", "1", "none", "0"], texts(messages)
    priorities = [message.properties.get("priority") for message in messages]
    assert priorities == [5, 9, 3, 3, 1, None, 0], priorities

    publish(channel, queue.name, "low", priority=1)
    publish(channel, queue.name, "high", "higher", priority=4)
    for message in [queue.get() for _ in range(3)]:
        message.requeue()
    again = drain(queue)
    assert texts(again) == ["high", "higher", "low"], texts(again)
    assert all(message.delivery_info["redelivered"] for message in again)

    text = "invalid arg 'x-max-priority' for queue '{queue}' in vhost '/': "
    wrong = {"queue_arguments": {"x-max-priority": "5"}}
    refuse_queues(
        connection,
        ({"max_priority": 256}, text + "{max_value_exceeded,256}"),
        (wrong, text + '"expected integer, got longstr"'),
    )
