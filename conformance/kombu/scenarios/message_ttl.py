from support import (
    confirming, consume, declared, drain, name, publish, refuse_queues, refused, take, texts,
)

with confirming() as connection:
    channel = connection.channel()
    dead = consume(channel, declared(channel, name("dead")), no_ack=True)

    def died_after(ttl, expiration):
        """How the one message told of its death that lived for the lower of both times."""
        to = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": name("dead")}
        queue = declared(channel, "", message_ttl=ttl, queue_arguments=to)
        publish(channel, queue.name, "mortal", expiration=expiration)
        (message,) = take(connection, dead, 1)
        assert message.decode() == "mortal" and "expiration" not in message.properties
        (death,) = message.headers["x-death"]
        told = (death["queue"], death["reason"], death["count"])
        assert told == (queue.name, "expired", 1), death
        assert drain(queue) == []
        return death.get("original-expiration")

    assert died_after(0.15, None) is None
    assert died_after(None, 0.15) == "150"
    assert died_after(600, 0.15) == "150"
    assert died_after(0.15, 600) == "600000"
    assert died_after(0, None) is None
    assert died_after(None, 0) == "0"

    kept = declared(channel, name("kept"), message_ttl=600)
    publish(channel, kept.name, "by queue")
    publish(channel, kept.name, "by both", expiration=500)
    messages = drain(kept)
    assert texts(messages) == ["by queue", "by both"]
    assert [message.properties.get("expiration") for message in messages] == [None, "500000"]

    instant = declared(channel, name("instant"), message_ttl=0)
    deliveries = consume(channel, instant, no_ack=True)
    publish(channel, instant.name, "in time")
    assert texts(take(connection, deliveries, 1)) == ["in time"]

    text = "invalid arg 'x-message-ttl' for queue '{queue}' in vhost '/': "
    wrong = {"queue_arguments": {"x-message-ttl": "150"}}
    refuse_queues(
        connection,
        ({"message_ttl": -0.001}, text + "{value_negative,-1}"),
        (wrong, text + '"expected integer, got longstr"'),
    )
    # Not "soon", for kombu takes a number only.
    text = "PRECONDITION_FAILED - invalid expiration '-1': {value_negative,-1}"
    refused(connection, 406, text, lambda c: publish(c, kept.name, "x", expiration=-0.001))
