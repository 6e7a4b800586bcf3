from support import confirming, connect, drain, name, publish, texts

with connect() as connection:
    channel = confirming(connection)
    queue = name("unique")
    channel.queue_declare(queue, exclusive=True, arguments={"x-message-deduplication": True})

    def put(text, value):
        publish(channel, queue, text, headers={"x-deduplication-header": value})

    put("1", "a")
    put("2", "a")
    put("3", "b")
    publish(channel, queue, "4", "5")
    method, _, body = channel.basic_get(queue)
    assert body == b"1", body
    put("6", "a")
    channel.basic_ack(method.delivery_tag)
    put("7", "a")
    assert texts(drain(channel, queue)) == ["3", "4", "5", "7"]
