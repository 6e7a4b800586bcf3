from kombu import Exchange

from support import confirming, declared, drain, name, publish, refused, texts

with confirming() as connection:
    channel = connection.channel()
    keyed = Exchange(name("keys"), "direct", durable=False, auto_delete=True)
    queues = [declared(channel, name(key), exchange=keyed, routing_key=key) for key in "abc"]

    def received():
        """Per queue, its messages, of which none may have BCC."""
        found = [drain(queue) for queue in queues]
        assert not any("BCC" in message.headers for messages in found for message in messages)
        return found

    publish(channel, "a", "to all", exchange=keyed, headers={"CC": ["b", "a"], "BCC": ["c"]})
    for message, *more in received():
        assert (message.decode(), more) == ("to all", []), message
        assert message.delivery_info["routing_key"] == "a", message
        assert message.headers["CC"] == ["b", "a"], message

    publish(channel, "nowhere", "only copies", exchange=keyed, headers={"CC": ["c"]})
    assert [texts(messages) for messages in received()] == [[], [], ["only copies"]]

    headers = {"CC": [queues[1].name, name("nowhere")], "BCC": [queues[2].name]}
    publish(channel, queues[0].name, "by default", headers=headers)
    assert [texts(messages) for messages in received()] == [["by default"]] * 3

    for header in ("CC", "BCC"):
        text = f'invalid message: {{unacceptable_type_in_header,"{header}",longstr}}'
        refused(connection, 406, text, lambda c: publish(c, "a", "x", headers={header: "b"}))
