from support import connect, receive

with connect() as connection:
    channel = connection.channel()
    queue = channel.queue_declare(queue="", exclusive=True).method.queue
    for number in range(5):
        channel.basic_publish(exchange="", routing_key=queue, body=str(number))

    tags = [channel.basic_get(queue)[0].delivery_tag for _ in range(5)]
    channel.basic_nack(tags[3], requeue=True)
    channel.basic_reject(tags[1], requeue=True)
    channel.basic_reject(tags[4], requeue=False)
    again = [channel.basic_get(queue) for _ in range(2)]
    assert [(body, method.redelivered) for method, _, body in again] == [(b"1", True), (b"3", True)]

    channel.basic_nack(0, multiple=True, requeue=True)
    came = receive(channel, queue, 4)
    assert [body for _, _, body in came] == [b"0", b"1", b"2", b"3"]
    assert all(method.redelivered for method, _, _ in came)

    channel.basic_publish(exchange="", routing_key=queue, body="unwanted")
    channel.basic_nack(channel.basic_get(queue)[0].delivery_tag, requeue=False)
    assert channel.basic_get(queue) == (None, None, None)
