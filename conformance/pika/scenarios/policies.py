from pika.exceptions import NackError

from support import confirming, connect, drain, name, publish, receive, texts

CAUGHT = "conformance.caught"

with connect() as connection:
    channel = confirming(connection)

    def declare(suffix, **arguments):
        queue = name(suffix)
        arguments = {f"x-{key.replace('_', '-')}": value for key, value in arguments.items()}
        channel.queue_declare(queue, exclusive=True, arguments=arguments)
        return queue

    def kept(queue):
        """What the queue keeps of five messages, and which of them were accepted."""
        accepted = []
        for text in "12345":
            try:
                publish(channel, queue, text)
                accepted.append(text)
            except NackError:
                pass
        return texts(drain(channel, queue)), accepted

    everything = list("12345")
    assert kept(declare("ring.policy")) == (["3", "4", "5"], everything)
    assert kept(declare("short.ring.policy", max_length=2)) == (["4", "5"], everything)
    assert kept(declare("long.ring.policy", max_length=10)) == (["3", "4", "5"], everything)
    refusing = declare("refusing.ring.policy", overflow="reject-publish")
    assert kept(refusing) == (["1", "2", "3"], ["1", "2", "3"]), "the argument wins"
    assert kept(declare("bounded.ring.policy")) == (["4", "5"], everything)
    assert kept(declare("other.policy")) == (["1"], ["1"])

    channel.exchange_declare(CAUGHT, exchange_type="fanout")
    caught = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(caught, CAUGHT)
    mortal = declare("mortal.policy")
    publish(channel, mortal, "mortal")
    ((_, properties, body),) = receive(channel, caught, 1)
    (death,) = properties.headers["x-death"]
    assert (body, death["queue"], death["reason"]) == (b"mortal", mortal, "expired"), death

    exchange = name("exchange.policy")
    channel.exchange_declare(exchange, exchange_type="topic")
    channel.basic_publish(exchange, "nowhere", "caught", mandatory=True)
    ((method, _, body),) = drain(channel, caught)
    assert (body, method.exchange, method.routing_key) == (b"caught", exchange, "nowhere"), method
    channel.exchange_delete(exchange)
