from support import (
    confirming, connect, consume, drain, name, publish, receive, refuse_arguments, refused, take,
    texts,
)

INVALID = "invalid arg 'x-message-ttl' for queue '{queue}' in vhost '/': "

with connect() as connection:
    channel = confirming(connection)
    dead, kept = name("dead"), name("kept")
    channel.queue_declare(dead, exclusive=True)
    channel.queue_declare(kept, exclusive=True, arguments={"x-message-ttl": 600_000})

    def died_after(ttl, expiration):
        """How the one message told of its death that lived for the lower of both times."""
        queue = name(f"{ttl}.{expiration}")
        arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
        if ttl is not None:
            arguments["x-message-ttl"] = ttl
        channel.queue_declare(queue, exclusive=True, arguments=arguments)
        publish(channel, queue, "mortal", expiration=expiration)
        ((_, properties, body),) = receive(channel, dead, 1)
        assert body == b"mortal" and properties.expiration is None, properties
        (death,) = properties.headers["x-death"]
        assert (death["queue"], death["reason"], death["count"]) == (queue, "expired", 1), death
        assert drain(channel, queue) == []
        return death.get("original-expiration")

    assert died_after(150, None) is None
    assert died_after(None, "150") == "150"
    assert died_after(600_000, "150") == "150"
    assert died_after(150, "600000") == "600000"
    assert died_after(0, None) is None
    assert died_after(None, "0") == "0"

    publish(channel, kept, "by queue")
    publish(channel, kept, "by both", expiration="500000")
    messages = drain(channel, kept)
    assert texts(messages) == ["by queue", "by both"]
    assert [properties.expiration for _, properties, _ in messages] == [None, "500000"]

    instant = name("instant")
    channel.queue_declare(instant, exclusive=True, arguments={"x-message-ttl": 0})
    deliveries = consume(channel, instant, auto_ack=True)
    publish(channel, instant, "in time")
    assert texts(take(connection, deliveries, 1)) == ["in time"]

    cases = [
        ({"x-message-ttl": -1}, INVALID + "{value_negative,-1}"),
        ({"x-message-ttl": 315360000001}, INVALID + "{value_too_large,315360000001}"),
        ({"x-message-ttl": "150"}, INVALID + '"expected integer, got longstr"'),
    ]
    refuse_arguments(connection, cases)
    for expiration, why in [("soon", "no_integer"), ("-1", "{value_negative,-1}")]:
        text = f"PRECONDITION_FAILED - invalid expiration '{expiration}': {why}"
        refused(connection, 406, text, lambda c: publish(c, kept, "x", expiration=expiration))
