from support import confirming, connect, drain, name, publish, refuse_arguments, texts

with connect() as connection:
    channel = confirming(connection)
    queue = name("priorities")
    channel.queue_declare(queue, exclusive=True, arguments={"x-max-priority": 5})
    publish(channel, queue, "none")
    for text, priority in [("1", 1), ("3", 3), ("5", 5), ("9", 9), ("0", 0), ("3 again", 3)]:
        publish(channel, queue, text, priority=priority)
    messages = drain(channel, queue)
    assert texts(messages) == ["5", "9", "3", "3 again", "1", "none", "0"], texts(messages)
    assert [p.priority for _, p, _ in messages] == [5, 9, 3, 3, 1, None, 0], messages

    publish(channel, queue, "low", priority=1)
    publish(channel, queue, "high", "higher", priority=4)
    tags = [channel.basic_get(queue)[0].delivery_tag for _ in range(3)]
    channel.basic_nack(tags[-1], multiple=True, requeue=True)
    again = drain(channel, queue)
    assert texts(again) == ["high", "higher", "low"], texts(again)
    assert all(method.redelivered for method, _, _ in again)

    invalid = "invalid arg 'x-max-priority' for queue '{queue}' in vhost '/': "
    cases = [
        ({"x-max-priority": 256}, invalid + "{max_value_exceeded,256}"),
        ({"x-max-priority": -1}, invalid + "{value_negative,-1}"),
        ({"x-max-priority": "5"}, invalid + '"expected integer, got longstr"'),
    ]
    refuse_arguments(connection, cases)
