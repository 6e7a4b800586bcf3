from support import confirming, connect, consume, name, publish, refused, take, texts

with connect() as connection:
    channel = confirming(connection)
    channel.basic_qos(prefetch_count=1)
    queue = name("ranked")
    channel.queue_declare(queue, exclusive=True)
    low = consume(channel, queue, arguments={"x-priority": -5})
    middle = consume(channel, queue)
    high = consume(channel, queue, arguments={"x-priority": 10}, consumer_tag="high")

    publish(channel, queue, "1", "2", "3", "4", "5", "6")
    first, second, third = (take(connection, each, 1)[0] for each in (high, middle, low))
    assert texts([first, second, third]) == ["1", "2", "3"], "the highest that has room is served"
    channel.basic_ack(second[0].delivery_tag)
    (fourth,) = take(connection, middle, 1)
    channel.basic_ack(first[0].delivery_tag)
    (fifth,) = take(connection, high, 1)
    assert texts([fourth, fifth]) == ["4", "5"]

    channel.basic_cancel("high")
    channel.basic_ack(fifth[0].delivery_tag)
    channel.basic_ack(third[0].delivery_tag)
    (sixth,) = take(connection, low, 1)
    channel.basic_ack(fourth[0].delivery_tag)
    publish(channel, queue, "7")
    (seventh,) = take(connection, middle, 1)
    assert texts([sixth, seventh]) == ["6", "7"] and high == []

    text = f"invalid arg 'x-priority' for queue '{queue}' in vhost '/': "
    text += '"expected integer, got longstr"'
    wrong = {"x-priority": "high"}
    refused(connection, 406, text, lambda c: consume(c, queue, arguments=wrong))
