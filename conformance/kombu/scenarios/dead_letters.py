from kombu import Exchange, Producer, Queue

from support import connect, name, receive


def told(message):
    deaths = message.headers.get("x-death", [])
    return [(death["queue"], death["reason"], death["count"]) for death in deaths]


with connect() as connection:
    channel = connection.channel()
    exchange = Exchange(name("dlx"), type="topic", durable=False, auto_delete=True)
    dead = Queue(name("dead"), exchange, routing_key="#", durable=False)(channel)
    dead.declare()
    to = {"x-dead-letter-exchange": exchange.name}
    dying = Queue(name("dying"), durable=False, queue_arguments=to)(channel)
    dying.declare()
    producer = Producer(channel, routing_key=dying.name)
    producer.publish("expires", expiration=0.05, headers={"n": 1})
    (expired,) = receive(channel, dead, 1)
    assert expired.delivery_info["exchange"] == exchange.name
    assert expired.delivery_info["routing_key"] == dying.name
    assert "expiration" not in expired.properties and expired.headers["n"] == 1
    assert told(expired) == [(dying.name, "expired", 1)]
    assert expired.headers["x-death"][0]["original-expiration"] == "50"
    producer.publish("rejected")
    receive(channel, dying, 1, no_ack=False)[0].reject()
    (rejected,) = receive(channel, dead, 1)
    assert told(rejected) == [(dying.name, "rejected", 1)]

    def retrying(queue, successor, **more):
        to = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": name(successor)}
        queue = Queue(name(queue), durable=False, queue_arguments={**to, **more})(channel)
        queue.declare()
        return queue

    work, wait = retrying("work", "wait"), retrying("wait", "work", **{"x-message-ttl": 50})
    Producer(channel, routing_key=work.name).publish("job")
    for attempt in range(4):
        (job,) = receive(channel, work, 1, no_ack=False)
        expected = [(wait.name, "expired", attempt), (work.name, "rejected", attempt)]
        assert told(job) == (expected if attempt else []), told(job)
        job.reject()

    for queue in (dead, dying, work, wait):
        queue.delete()
