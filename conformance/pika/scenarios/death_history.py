from support import confirming, connect, name, publish, receive

with connect() as connection:
    channel = confirming(connection)
    first, second, last = name("first"), name("second"), name("last")

    def dying_to(key, **more):
        return {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": key, **more}

    channel.queue_declare(first, exclusive=True, arguments=dying_to(second))
    ttl = {"x-message-ttl": 100}
    channel.queue_declare(second, exclusive=True, arguments=dying_to(last, **ttl))
    channel.queue_declare(last, exclusive=True)

    claimed = {"count": 7, "reason": "rejected", "queue": first, "exchange": ""}
    headers = {"x-death": [claimed], "x-first-death-queue": "claimed", "mine": 1}
    publish(channel, first, "dies twice", headers=headers)
    ((method, _, _),) = receive(channel, first, 1, auto_ack=False)
    channel.basic_reject(method.delivery_tag, requeue=False)

    ((_, properties, body),) = receive(channel, last, 1)
    headers = properties.headers
    deaths = [(death["queue"], death["reason"], death["count"]) for death in headers["x-death"]]
    assert deaths == [(second, "expired", 1), (first, "rejected", 1)], deaths
    for which, queue, reason in [("first", first, "rejected"), ("last", second, "expired")]:
        told = [headers[f"x-{which}-death-{key}"] for key in ("queue", "reason", "exchange")]
        assert told == [queue, reason, ""], told
    assert (body, headers["mine"]) == (b"dies twice", 1), headers
