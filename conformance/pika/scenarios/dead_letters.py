import pika

from support import connect, name, receive

with connect() as connection:
    channel = connection.channel()
    exchange, dead = name("dlx"), name("dead")
    channel.exchange_declare(exchange, exchange_type="topic", auto_delete=True)
    channel.queue_declare(dead, exclusive=True)
    channel.queue_bind(dead, exchange, "#")

    dying = name("dying")
    channel.queue_declare(dying, exclusive=True, arguments={"x-dead-letter-exchange": exchange})
    mortal = pika.BasicProperties(expiration="50", headers={"n": 1}, delivery_mode=2)
    channel.basic_publish("", dying, b"expires", mortal)
    ((method, properties, body),) = receive(channel, dead, 1)
    assert (method.exchange, method.routing_key, body) == (exchange, dying, b"expires"), method
    assert properties.expiration is None and properties.delivery_mode == 2, properties
    assert properties.headers["n"] == 1, properties
    (death,) = properties.headers["x-death"]
    assert death["original-expiration"] == "50" and death["reason"] == "expired", death
    assert (death["queue"], death["exchange"], death["count"]) == (dying, "", 1), death
    assert death["routing-keys"] == [dying], death

    channel.basic_publish("", dying, b"rejected")
    ((method, _, _),) = receive(channel, dying, 1, auto_ack=False)
    channel.basic_reject(method.delivery_tag, requeue=False)
    ((_, properties, body),) = receive(channel, dead, 1)
    assert body == b"rejected", body
    assert properties.headers["x-first-death-reason"] == "rejected", properties
    assert properties.headers["x-first-death-queue"] == dying, properties
    assert properties.headers["x-first-death-exchange"] == "", properties

    work, wait = name("work"), name("wait")
    to = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": wait}
    channel.queue_declare(work, exclusive=True, arguments=to)
    back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": work, "x-message-ttl": 50}
    channel.queue_declare(wait, exclusive=True, arguments=back)
    channel.basic_publish("", work, b"job")
    for attempt in range(4):
        ((method, properties, _),) = receive(channel, work, 1, auto_ack=False)
        deaths = (properties.headers or {}).get("x-death", [])
        told = [(death["queue"], death["reason"], death["count"]) for death in deaths]
        expected = [(wait, "expired", attempt), (work, "rejected", attempt)]
        assert told == (expected if attempt else []), told
        channel.basic_reject(method.delivery_tag, requeue=False)
