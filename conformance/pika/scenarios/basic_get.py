from support import connect, name

queue = name("polled")

with connect() as connection:
    channel = connection.channel()
    channel.queue_declare(queue=queue)
    assert channel.basic_get(queue) == (None, None, None)

    for text in ("one", "two", "three"):
        channel.basic_publish(exchange="", routing_key=queue, body=text)
    method, _, body = channel.basic_get(queue, auto_ack=True)
    assert (body, method.message_count, method.redelivered) == (b"one", 2, False)
    assert (method.exchange, method.routing_key) == ("", queue)
    method, _, body = channel.basic_get(queue)
    assert (body, method.message_count) == (b"two", 1)
    channel.basic_ack(method.delivery_tag)
    method, _, body = channel.basic_get(queue)
    assert (body, method.message_count) == (b"three", 0)
    assert channel.basic_get(queue) == (None, None, None)
    channel.close()

    channel = connection.channel()
    method, _, body = channel.basic_get(queue, auto_ack=True)
    assert (body, method.redelivered) == (b"three", True)
    channel.queue_delete(queue=queue)
