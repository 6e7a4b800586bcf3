import time

from kombu import Queue

from support import confirming, consume, declared, name, publish, take, texts

LEAST, LIMIT = 0.15, 2

with confirming() as connection:
    channel = connection.channel()
    dead = consume(channel, declared(channel, name("dead")), no_ack=True)
    arguments = {
        "x-queue-type": "quorum",
        "x-delayed-retry-type": "failed",
        "x-delayed-retry-min": int(LEAST * 1000),
        "x-delayed-retry-max": int(10 * LEAST * 1000),
        "x-delivery-limit": LIMIT,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": name("dead"),
    }
    queue = Queue(name("retried"), queue_arguments=arguments)(channel)
    queue.declare()
    publish(channel, queue.name, "try", "other")
    worker = connection.channel()
    worker.basic_qos(0, 1, False)
    jobs = consume(worker, queue)
    rejected = None
    for attempt in range(LIMIT + 1):
        (job,) = take(connection, jobs, 1)
        count = job.headers.get("x-delivery-count", 0)
        assert (job.decode(), count) == ("try", attempt), job
        if attempt:
            assert time.monotonic() - rejected >= LEAST * attempt, "it came too early"
        rejected = time.monotonic()
        job.requeue()
        if not attempt:
            (other,) = take(connection, jobs, 1)
            assert other.decode() == "other", "what waits holds up no other"
            other.ack()
    assert texts(take(connection, dead, 1)) == ["try"]
    worker.close()
    queue.delete()
