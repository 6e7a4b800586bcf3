from support import confirming, connect, drain, name, publish, refused, texts

LENGTH = "x-recent-history-length"


def declare(channel, exchange, length):
    channel.exchange_declare(
        exchange,
        exchange_type="x-recent-history",
        auto_delete=True,
        arguments={LENGTH: length},
    )


with connect() as connection:
    channel = confirming(connection)
    exchange, present, late = name("history"), name("present"), name("late")
    declare(channel, exchange, 3)
    for queue in (present, late):
        channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(present, exchange)
    for text in "12345":
        publish(channel, f"key.{text}", text, exchange=exchange)
    publish(channel, "", "secret", exchange=exchange, headers={"x-recent-history-no-store": True})
    assert texts(drain(channel, present)) == ["1", "2", "3", "4", "5", "secret"]

    channel.queue_bind(late, exchange)
    publish(channel, "key.6", "6", exchange=exchange)
    messages = drain(channel, late)
    assert texts(messages) == ["3", "4", "5", "6"], texts(messages)
    for method, _, body in messages:
        assert (method.exchange, method.routing_key) == (exchange, f"key.{body.decode()}"), method

    text = f"Invalid argument 0, '{LENGTH}' must be a positive integer"
    refused(connection, 406, text, lambda c: declare(c, name("wrong"), 0))
