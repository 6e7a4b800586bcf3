import pika

from support import confirming, connect, control, drain, name, publish

connection = connect()
channel = confirming(connection)
queue = name("durable")
channel.queue_declare(queue, durable=True)
publish(channel, queue, "1", "2", delivery_mode=2)

control("/broker/stop")

try:
    connection.process_data_events(10)
    raise AssertionError("the end of the broker went unnoticed")
except pika.exceptions.ConnectionClosedByBroker as closed:
    assert closed.reply_code == 320, closed
    assert closed.reply_text.startswith("CONNECTION_FORCED"), closed
control("/broker/start")
with connect() as connection:
    channel = connection.channel()
    assert [body for _, _, body in drain(channel, queue)] == [b"1", b"2"]
    channel.queue_delete(queue)
