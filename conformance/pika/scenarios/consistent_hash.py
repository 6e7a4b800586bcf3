from support import confirming, connect, drain, name, publish, refused

KINDS = {
    "key": {},
    "header": {"hash-header": "customer"},
    "property": {"hash-property": "correlation_id"},
}
CUSTOMERS, EACH = 40, 2


def declare(channel, kind, arguments):
    exchange = name(kind)
    channel.exchange_declare(
        exchange, exchange_type="x-consistent-hash", auto_delete=True, arguments=arguments
    )
    return exchange


with connect() as connection:
    channel = confirming(connection)
    for kind, arguments in KINDS.items():
        exchange = declare(channel, kind, arguments)
        queues = [name(f"{kind}.{number}") for number in range(3)]
        for queue, weight in zip(queues, ("10", "20", "10")):
            channel.queue_declare(queue, exclusive=True)
            channel.queue_bind(queue, exchange, weight)
        for customer in map(str, list(range(CUSTOMERS)) * EACH):
            other = {"headers": {"customer": customer}, "correlation_id": customer}
            key = customer if kind == "key" else "same"
            publish(channel, key, customer, exchange=exchange, **other)
        shares = [[body for _, _, body in drain(channel, queue)] for queue in queues]
        assert sum(map(len, shares)) == CUSTOMERS * EACH, "each message arrives once"
        assert all(shares), "every queue gets some"
        distinct = [set(share) for share in shares]
        assert sum(map(len, distinct)) == CUSTOMERS, "a customer's messages go to one queue"

    exchange = declare(channel, "wrong", None)
    queue = channel.queue_declare("", exclusive=True).method.queue
    for weight, text in [("0", "must be greater than 0"), ("x", "must be an integer")]:
        text = f"The binding key {text}"
        refused(connection, 406, text, lambda c: c.queue_bind(queue, exchange, weight))
    both = {"hash-header": "a", "hash-property": "message_id"}
    text = "hash-header and hash-property are mutually exclusive"
    refused(connection, 406, text, lambda c: declare(c, "both", both))
    text = "Unsupported property: app_id"
    refused(connection, 406, text, lambda c: declare(c, "other", {"hash-property": "app_id"}))
    channel.exchange_delete(exchange)
