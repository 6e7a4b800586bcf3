from support import confirming, connect, drain, name, publish, refused, texts

with connect() as connection:
    channel = confirming(connection)
    exchange = name("keys")
    channel.exchange_declare(exchange, exchange_type="direct", auto_delete=True)
    queues = [name(key) for key in "abc"]
    for queue, key in zip(queues, "abc"):
        channel.queue_declare(queue, exclusive=True)
        channel.queue_bind(queue, exchange, key)

    def received():
        """Per queue, its messages, of which none may have BCC."""
        found = [drain(channel, queue) for queue in queues]
        for messages in found:
            assert all("BCC" not in properties.headers for _, properties, _ in messages), found
        return found

    publish(channel, "a", "to all", exchange=exchange, headers={"CC": ["b", "a"], "BCC": ["c"]})
    for (method, properties, body), *more in received():
        assert (method.routing_key, body, more) == ("a", b"to all", []), method
        assert properties.headers["CC"] == ["b", "a"], properties

    publish(channel, "nowhere", "only copies", exchange=exchange, headers={"CC": ["c"]})
    assert [texts(messages) for messages in received()] == [[], [], ["only copies"]]

    headers = {"CC": [queues[1], name("nowhere")], "BCC": [queues[2]]}
    publish(channel, queues[0], "by the default exchange", headers=headers)
    assert [texts(messages) for messages in received()] == [["by the default exchange"]] * 3

    for header in ("CC", "BCC"):
        text = f'invalid message: {{unacceptable_type_in_header,"{header}",longstr}}'
        refused(connection, 406, text, lambda c: publish(c, "a", "x", headers={header: "b"}))
