from support import connect, name

queue = name("tx")


def ready(connection):
    with connection.channel() as channel:
        return channel.queue_declare(queue=queue, passive=True).method.message_count


with connect() as connection:
    channel = connection.channel()
    channel.queue_declare(queue=queue)
    channel.tx_select()
    channel.basic_publish(exchange="", routing_key=queue, body="undone")
    channel.tx_rollback()
    assert ready(connection) == 0

    channel.basic_publish(exchange="", routing_key=queue, body="done")
    assert ready(connection) == 0
    channel.tx_commit()
    assert ready(connection) == 1

    method, _, _ = channel.basic_get(queue)
    channel.basic_ack(method.delivery_tag)
    channel.tx_rollback()
    channel.close()
    assert ready(connection) == 1, "an ack outlived its rollback"

    channel = connection.channel()
    channel.tx_select()
    method, _, _ = channel.basic_get(queue)
    channel.basic_ack(method.delivery_tag)
    channel.tx_commit()
    channel.close()
    assert ready(connection) == 0
    connection.channel().queue_delete(queue=queue)
