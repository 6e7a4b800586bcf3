import time

from codec import long
from masstransit import (
    declare_endpoint,
    declare_exchanges,
    opened,
    publish,
    start_bus,
    start_consumer,
)
from support import name

SERVICE = name("order-service")
DELAY_EXCHANGE = f"{SERVICE}_delay"

bus, channel = start_bus()
declare_endpoint(channel, SERVICE, [])
start_consumer(channel, SERVICE)


def declare_delay():
    """The delay exchange of an endpoint, bound to that of the endpoint itself."""
    arguments = {"x-delayed-type": "fanout"}
    channel.exchange_declare(DELAY_EXCHANGE, "x-delayed-message", durable=True, arguments=arguments)
    declare_exchanges(channel, SERVICE)
    channel.exchange_bind(SERVICE, DELAY_EXCHANGE)


published = time.monotonic()
for delay in 1.0, 0.5:
    declare_delay()
    headers = {"x-delay": long(int(delay * 1000))}
    publish(channel, DELAY_EXCHANGE, {"delay": delay}, headers=headers)

for delay in 0.5, 1.0:
    delivery = channel.next_delivery()
    assert opened(delivery)["message"] == {"delay": delay}, delivery
    assert time.monotonic() - published >= delay, "it came too early"
    assert delivery.exchange == DELAY_EXCHANGE, delivery
    channel.basic_ack(delivery.delivery_tag)

channel.queue_delete(SERVICE)
for exchange in SERVICE, DELAY_EXCHANGE:
    channel.exchange_delete(exchange)
bus.close(text="Connection Disposed")
