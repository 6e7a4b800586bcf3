from support import confirming, connect, consume, drain, name, publish, receive, refuse_arguments, take

QUORUM = {"x-queue-type": "quorum"}

with connect() as connection:
    channel = confirming(connection)
    queue, dead = name("quorum"), name("dead")
    channel.queue_declare(dead, exclusive=True)
    limits = {
        "x-delivery-limit": 2,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead,
    }
    channel.queue_declare(queue, durable=True, arguments=QUORUM | limits)
    publish(channel, queue, "poison", "good")
    jobs = consume(channel, queue)
    seen = []
    while len(seen) < 4:
        ((method, properties, body),) = take(connection, jobs, 1)
        count = (properties.headers or {}).get("x-delivery-count", 0)
        seen.append((body.decode(), count, method.redelivered))
        if body == b"good":
            channel.basic_ack(method.delivery_tag)
        else:
            channel.basic_reject(method.delivery_tag, requeue=True)
    assert [each for each in seen if each[0] == "good"] == [("good", 0, False)], seen
    poison = [each[1:] for each in seen if each[0] == "poison"]
    assert poison == [(0, False), (1, True), (2, True)], seen
    ((_, properties, body),) = receive(channel, dead, 1)
    (death,) = properties.headers["x-death"]
    told = (body, death["queue"], death["reason"], death["count"])
    assert told == (b"poison", queue, "delivery_limit", 1), told
    assert drain(channel, queue) == [] and jobs == []
    channel.queue_delete(queue)

    invalid = "invalid property '{}' for queue '{{queue}}' in vhost '/'"
    refuse_arguments(connection, [(QUORUM, invalid.format("non-durable"))])
    exclusive = [(QUORUM, invalid.format("exclusive-owner"))]
    refuse_arguments(connection, exclusive, durable=True, exclusive=True)
    refuse_arguments(
        connection, [(QUORUM, invalid.format("auto-delete"))], durable=True, auto_delete=True
    )
    cases = [
        (
            QUORUM | {"x-max-priority": 5},
            "invalid arg 'x-max-priority' for queue '{queue}' in vhost '/'"
            " of queue type rabbit_quorum_queue",
        ),
    ]
    refuse_arguments(connection, cases, durable=True)
