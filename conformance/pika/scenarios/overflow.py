from pika.exceptions import NackError

from support import (
    confirming, connect, consume, drain, name, publish, receive, refuse_arguments, take, texts,
)

with connect() as connection:
    channel = confirming(connection)
    dead = name("dead")
    channel.queue_declare(dead, exclusive=True)

    def declare(suffix, **limits):
        queue = name(suffix)
        arguments = {f"x-{key.replace('_', '-')}": value for key, value in limits.items()}
        arguments |= {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
        channel.queue_declare(queue, exclusive=True, arguments=arguments)
        return queue

    def is_accepted(queue, text):
        try:
            publish(channel, queue, text)
        except NackError:
            return False
        return True

    def died(queue, count):
        """The bodies of what came from the dead letter queue, with the reason maxlen."""
        messages = receive(channel, dead, count)
        for _, properties, _ in messages:
            (death,) = properties.headers["x-death"]
            assert (death["queue"], death["reason"]) == (queue, "maxlen"), death
        return texts(messages)

    queue = declare("drop", max_length=2)
    publish(channel, queue, "1", "2", "3", "4")
    assert died(queue, 2) == ["1", "2"] and texts(drain(channel, queue)) == ["3", "4"]

    queue = declare("bytes", max_length_bytes=8)
    publish(channel, queue, "first", "four", "4444")
    assert died(queue, 1) == ["first"] and texts(drain(channel, queue)) == ["four", "4444"]

    queue = declare("returned", max_length=1)
    channel.basic_qos(prefetch_count=1)
    deliveries = consume(channel, queue)
    publish(channel, queue, "1", "2")
    ((method, _, body),) = take(connection, deliveries, 1)
    assert body == b"1"
    channel.basic_nack(method.delivery_tag, requeue=True)
    assert texts(take(connection, deliveries, 1)) == ["2"] and died(queue, 1) == ["1"]

    queue = declare("reject", max_length=1, overflow="reject-publish")
    assert [is_accepted(queue, text) for text in "123"] == [True, False, False]
    assert texts(drain(channel, queue)) == ["1"]
    assert drain(channel, dead) == []

    queue = declare("reject-dlx", max_length=1, overflow="reject-publish-dlx")
    assert [is_accepted(queue, text) for text in "123"] == [True, False, False]
    assert died(queue, 2) == ["2", "3"] and texts(drain(channel, queue)) == ["1"]

    invalid = "invalid arg '{}' for queue '{{queue}}' in vhost '/': {}"
    cases = [
        ({"x-overflow": "reject"}, invalid.format("x-overflow", "invalid_overflow")),
        ({"x-max-length": -1}, invalid.format("x-max-length", "{value_negative,-1}")),
    ]
    refuse_arguments(connection, cases)
