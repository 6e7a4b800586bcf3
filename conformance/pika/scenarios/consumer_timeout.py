from pika.exceptions import ChannelClosedByBroker

from support import PATIENCE, connect, name, publish, receive

with connect() as connection:
    watcher, channel = connection.channel(), connection.channel()
    queue = name("impatient")
    watcher.queue_declare(queue, exclusive=True, arguments={"x-consumer-timeout": 200})
    publish(channel, queue, "held")
    try:
        for method, _, _ in channel.consume(queue, inactivity_timeout=PATIENCE):
            if method is None:
                break
        raise AssertionError("the channel was not closed")
    except ChannelClosedByBroker as error:
        assert error.reply_code == 406, error
        assert "delivery acknowledgement on channel" in error.reply_text, error
        assert "timed out. Timeout value used: 200 ms" in error.reply_text, error
    ((method, _, body),) = receive(watcher, queue, 1)
    assert (body, method.redelivered) == (b"held", True), method
