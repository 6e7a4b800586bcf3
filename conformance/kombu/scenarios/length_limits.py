from amqp.exceptions import MessageNacked

from support import confirming, declared, drain, name, publish, texts

with confirming() as connection:
    channel = connection.channel()
    ring = declared(channel, name("ring"), max_length=3)
    publish(channel, ring.name, *map(str, range(10)))
    assert texts(drain(ring)) == ["7", "8", "9"]

    overflow = {"x-overflow": "reject-publish"}
    full = declared(channel, name("full"), max_length=2, queue_arguments=overflow)
    refused = []
    for number in range(5):
        try:
            publish(channel, full.name, str(number))
        except MessageNacked:
            refused.append(number)
    assert refused == [2, 3, 4], refused
    assert texts(drain(full)) == ["0", "1"]
    publish(channel, full.name, "there is room again")
