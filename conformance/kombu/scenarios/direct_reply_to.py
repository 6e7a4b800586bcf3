from kombu import Queue

from support import confirming, consume, drain, name, publish, receive, refused, take

REPLY_TO = "amq.rabbitmq.reply-to"

with confirming() as connection, confirming() as server:
    channel, serving = connection.channel(), server.channel()
    requests = Queue(name("requests"), durable=False)(serving)
    requests.declare()

    replies = consume(channel, Queue(REPLY_TO), no_ack=True)
    publish(channel, requests.name, "question", reply_to=REPLY_TO, correlation_id="7")
    (request,) = receive(serving, requests, 1)
    address = request.properties["reply_to"]
    assert request.decode() == "question" and address.startswith(f"{REPLY_TO}."), address
    find = lambda channel: Queue(address)(channel).queue_declare(passive=True)
    assert find(serving) == (address, 0, 1), find(serving)
    publish(serving, address, "answer", correlation_id=request.properties["correlation_id"])
    (reply,) = take(connection, replies, 1)
    assert (reply.decode(), reply.properties["correlation_id"]) == ("answer", "7"), reply
    came = [reply.delivery_info[key] for key in ("exchange", "routing_key", "redelivered")]
    assert came == ["", address, False], came

    def consume_twice(channel):
        for _ in range(2):
            consume(channel, Queue(REPLY_TO), no_ack=True)

    text = "reply consumer cannot acknowledge"
    refused(connection, 406, text, lambda channel: consume(channel, Queue(REPLY_TO)))
    text = "fast reply consumer does not exist"
    lost = lambda channel: publish(channel, requests.name, "lost", reply_to=REPLY_TO)
    refused(connection, 406, text, lost)
    refused(connection, 406, "reply consumer already set", consume_twice)
    channel.close()
    refused(server, 404, f"no queue '{address}'", find)
    assert drain(requests) == []
    requests.delete()
