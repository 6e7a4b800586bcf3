from support import confirming, connect, consume, name, publish, refuse_arguments, take, texts

with connect() as connection, connect() as other:
    channel = confirming(connection)
    queue = name("single")
    arguments = {"x-single-active-consumer": True}
    channel.queue_declare(queue, auto_delete=True, arguments=arguments)
    active, next_channel, last_channel = connection.channel(), connection.channel(), other.channel()
    active.basic_qos(prefetch_count=2)
    at_active = consume(active, queue, consumer_tag="active")
    at_next = consume(next_channel, queue)
    at_last = consume(last_channel, queue)
    publish(channel, queue, "1", "2")
    held = take(connection, at_active, 2)
    assert texts(held) == ["1", "2"] and at_next == [], "only the active consumer is served"

    active.basic_cancel("active")
    publish(channel, queue, "3")
    assert texts(take(connection, at_next, 1)) == ["3"], "what a cancelled consumer holds stays"
    active.basic_reject(held[1][0].delivery_tag, requeue=True)
    ((method, _, body),) = take(connection, at_next, 1)
    assert (body, method.redelivered) == (b"2", True), method
    active.basic_ack(held[0][0].delivery_tag)

    assert at_last == []
    next_channel.close()
    again = take(other, at_last, 2)
    assert texts(again) == ["2", "3"] and all(method.redelivered for method, _, _ in again)
    last_channel.basic_ack(again[-1][0].delivery_tag, multiple=True)
    publish(channel, queue, "4")
    assert texts(take(other, at_last, 1)) == ["4"]

    text = "invalid arg 'x-single-active-consumer' for queue '{queue}' in vhost '/': "
    wrong = {"x-single-active-consumer": "true"}
    refuse_arguments(connection, [(wrong, text + "{unacceptable_type,longstr}")])
