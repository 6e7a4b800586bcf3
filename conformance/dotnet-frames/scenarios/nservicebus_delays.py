import time

from nservicebus import (
    DELAY_HEADER,
    DELIVERY_EXCHANGE,
    bind_to_delays,
    build_delays,
    declare_endpoint,
    level_name,
    open_connection,
    routing_key,
    send_delayed,
    tear_delays_down,
)
from support import name

ADDRESS = name("conformance")


def expirations(message):
    """The queues in which the message waited until its time, the last first."""
    deaths = message.properties["headers"].get("x-death", [])
    assert all(death["reason"] == b"expired" for death in deaths), deaths
    return [death["queue"].decode() for death in deaths]


with open_connection("Administration") as administration:
    setup = administration.create_channel()
    for _ in range(2):
        build_delays(setup)
        declare_endpoint(setup, ADDRESS)
        bind_to_delays(setup, ADDRESS)

    with open_connection("MessagePump") as pump, open_connection("Publish") as publisher:
        receiver = pump.create_channel()
        receiver.basic_qos(6)
        tag = receiver.basic_consume(ADDRESS, consumer_tag="conformance - conformance")
        assert tag == "conformance - conformance"

        sender = publisher.create_channel(confirms=True)
        published = time.monotonic()
        numbers = [send_delayed(sender, ADDRESS, seconds, b"later") for seconds in (5, 3, 0)]
        for number in numbers:
            sender.await_confirm(number)

        # Zero goes past all levels; three waits for the bits 2 and 1, five for 4 and 1.
        for seconds, levels in [(0, []), (3, [0, 1]), (5, [0, 2])]:
            message = receiver.next_delivery()
            assert message.properties["message_id"] == f"{seconds}", message
            assert time.monotonic() - published >= seconds, "it came too early"
            assert message.routing_key == routing_key(seconds, ADDRESS), message
            assert message.exchange == (DELIVERY_EXCHANGE if levels else level_name(0)), message
            assert message.properties["headers"][DELAY_HEADER] == seconds, message
            assert expirations(message) == [level_name(level) for level in levels], message
            receiver.basic_ack(message.delivery_tag)

        # 28 bits are eight years and a half: that message waits in the highest level.
        number = send_delayed(sender, ADDRESS, (1 << 28) - 1, b"years later")
        sender.await_confirm(number)
        waiting = sender.basic_get(level_name(27))
        assert waiting.body == b"years later", waiting

    setup.queue_delete(ADDRESS)
    setup.exchange_delete(ADDRESS)
    tear_delays_down(setup)
