from support import connect

CHANNELS = 1000

with connect() as connection:
    channels = [connection.channel() for _ in range(CHANNELS)]
    assert len({channel.channel_number for channel in channels}) == CHANNELS
    queue = channels[0].queue_declare("", exclusive=True).method.queue
    for number, channel in enumerate(channels):
        channel.basic_publish("", queue, str(number))
        _, _, body = channel.basic_get(queue, auto_ack=True)
        assert body == str(number).encode(), body
    for channel in channels:
        channel.close()
    assert connection.channel().is_open
