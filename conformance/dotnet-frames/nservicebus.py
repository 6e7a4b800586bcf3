"""What NServiceBus.RabbitMQ 11.2.1 asks of RabbitMQ.Client: its delays and its endpoints.

Delays have a queue and an exchange for each of their bits, the 28 of a number of seconds. A message
waits in the queues of those that its routing key has as 1, and goes past the others.
"""

from codec import long
from support import connect, name

MAX_LEVEL = 27
DELIVERY_EXCHANGE = name("nsb.v2.delay-delivery")
DELAY_HEADER = "NServiceBus.Transport.RabbitMQ.DelayInSeconds"

PROPERTIES = {
    "client_api": "NServiceBus",
    "nservicebus_version": "10.0.0",
    "nservicebus.rabbitmq_version": "11.2.1",
    "application": "conformance.dll",
    "application_location": "/app",
    "machine_name": "conformance",
    "user": "guest",
    "endpoint_name": "conformance",
}
"""Instead of the library's own."""


def open_connection(purpose):
    return connect(name=f"conformance {purpose}", properties=PROPERTIES)


def level_name(level):
    return name(f"nsb.v2.delay-level-{level:02}")


def build_delays(channel):
    """Each level's queue takes what has its bit set, its exchange hands on the rest."""
    for level in range(MAX_LEVEL, -1, -1):
        current = level_name(level)
        channel.exchange_declare(current, "topic", durable=True)
        arguments = {
            "x-queue-type": "quorum",
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-message-ttl": long((1 << level) * 1000),
            "x-dead-letter-exchange": level_name(level - 1) if level else DELIVERY_EXCHANGE,
        }
        declare_queue(channel, current, arguments)
        channel.queue_bind(current, current, binding_key(level, "1"))
    for level in range(MAX_LEVEL, 0, -1):
        channel.exchange_bind(level_name(level - 1), level_name(level), binding_key(level, "0"))
    channel.exchange_declare(DELIVERY_EXCHANGE, "topic", durable=True)
    channel.exchange_bind(DELIVERY_EXCHANGE, level_name(0), binding_key(0, "0"))


def tear_delays_down(channel):
    channel.exchange_delete(DELIVERY_EXCHANGE)
    for level in range(MAX_LEVEL, -1, -1):
        channel.queue_delete(level_name(level))
        channel.exchange_delete(level_name(level))


def declare_endpoint(channel, address):
    """An endpoint's quorum queue and the exchange of its name."""
    declare_queue(channel, address, {"x-queue-type": "quorum"})
    channel.exchange_declare(address, "fanout", durable=True)
    channel.queue_bind(address, address)


def bind_to_delays(channel, address):
    channel.exchange_bind(address, DELIVERY_EXCHANGE, f"#.{address}")


def send_delayed(channel, address, seconds, body):
    """Binds the address again and publishes to the highest level that the delay needs."""
    bind_to_delays(channel, address)
    return channel.start_publish(
        level_name(max(seconds.bit_length() - 1, 0)), routing_key(seconds, address), body,
        mandatory=True, delivery_mode=2, message_id=f"{seconds}",
        content_type="application/octet-stream", headers={DELAY_HEADER: seconds},
    )  # fmt: skip


def routing_key(seconds, address):
    """The delay's bits, highest first, and the address."""
    return ".".join([*f"{seconds:0{MAX_LEVEL + 1}b}", address])


def binding_key(level, bit):
    return "*." * (MAX_LEVEL - level) + f"{bit}.#"


def declare_queue(channel, queue, arguments):
    channel.queue_declare(
        queue, durable=True, exclusive=False, auto_delete=False, arguments=arguments
    )
