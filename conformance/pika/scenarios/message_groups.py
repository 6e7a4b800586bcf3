from support import confirming, connect, consume, name, publish, take, texts

with connect() as connection:
    channel = confirming(connection)
    queue = name("groups")
    channel.queue_declare(queue, exclusive=True, arguments={"x-group-key": "customer"})
    workers = [connection.channel() for _ in range(2)]
    for worker in workers:
        worker.basic_qos(prefetch_count=1)
    one, two = (consume(worker, queue) for worker in workers)
    for text in ("a1", "a2", "a3", "b1", "b2"):
        publish(channel, queue, text, headers={"customer": text[0]})
    ((a1, _, _),), ((b1, _, _),) = first = take(connection, one, 1), take(connection, two, 1)
    assert [texts(each) for each in first] == [["a1"], ["b1"]]

    workers[1].basic_ack(b1.delivery_tag)
    ((b2, _, body),) = take(connection, two, 1)
    assert body == b"b2", "a2 waits for a1, which is not settled"
    workers[1].basic_ack(b2.delivery_tag)
    channel.queue_declare(queue, passive=True)
    assert two == [], two

    workers[0].close()
    for text in ("a1", "a2", "a3"):
        ((method, _, body),) = take(connection, two, 1)
        assert body.decode() == text, "the groups of one that dies are handed over in order"
        workers[1].basic_ack(method.delivery_tag)
