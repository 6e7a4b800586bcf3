from support import confirming, connect, drain, name, publish, refused

with connect() as connection:
    channel = confirming(connection)
    queue = name("user_id")
    channel.queue_declare(queue, exclusive=True)
    publish(channel, queue, "mine", user_id="guest")
    text = "user_id property set to 'nobody' but authenticated user was 'guest'"
    refused(connection, 406, text, lambda c: publish(c, queue, "not mine", user_id="nobody"))
    ((_, properties, body),) = drain(channel, queue)
    assert (properties.user_id, body) == ("guest", b"mine"), properties
