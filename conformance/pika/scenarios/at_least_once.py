from support import confirming, connect, drain, name, publish, receive, refuse_arguments, texts

with connect() as connection:
    channel = confirming(connection)
    queue, dead = name("careful"), name("dead")
    quorum = {"x-queue-type": "quorum"}
    letters = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    careful = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
    channel.queue_declare(dead, durable=True, arguments=quorum)
    channel.queue_declare(queue, durable=True, arguments=quorum | letters | careful)
    publish(channel, queue, "rejected")
    ((method, _, _),) = receive(channel, queue, 1, auto_ack=False)
    publish(channel, queue, "expires", expiration="100")
    channel.basic_reject(method.delivery_tag, requeue=False)
    messages = receive(channel, dead, 2)
    reasons = {
        body.decode(): [(death["queue"], death["reason"]) for death in properties.headers["x-death"]]
        for _, properties, body in messages
    }
    assert reasons == {"rejected": [(queue, "rejected")], "expires": [(queue, "expired")]}, reasons
    assert texts(drain(channel, queue)) == []
    for each in (queue, dead):
        channel.queue_delete(each)

    text = "invalid arg 'x-dead-letter-strategy' for queue '{queue}' in vhost '/'"
    strategy = {"x-dead-letter-strategy": "sometimes"}
    refuse_arguments(connection, [(quorum | strategy, f"{text}: invalid_dlx_strategy")], durable=True)
    refuse_arguments(connection, [(strategy, f"{text} of queue type rabbit_classic_queue")])
