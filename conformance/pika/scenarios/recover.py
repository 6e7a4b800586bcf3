from support import connect, consume, publish, take, texts

with connect() as connection:
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    publish(channel, queue, "1", "2", "3")
    deliveries = consume(channel, queue)
    first = take(connection, deliveries, 3)
    assert [method.redelivered for method, _, _ in first] == [False] * 3
    channel.basic_ack(first[1][0].delivery_tag)

    channel.basic_recover(requeue=True)

    again = take(connection, deliveries, 2)
    assert texts(again) == ["1", "3"]
    assert [method.redelivered for method, _, _ in again] == [True] * 2
    channel.basic_ack(again[-1][0].delivery_tag, multiple=True)
    channel.close()
    assert connection.channel().queue_declare(queue, passive=True).method.message_count == 0
