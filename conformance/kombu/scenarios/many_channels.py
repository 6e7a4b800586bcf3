from kombu import Producer, Queue

from support import connect, name

CHANNELS = 1000

with connect() as connection:
    channels = [connection.channel() for _ in range(CHANNELS)]
    assert len({channel.channel_id for channel in channels}) == CHANNELS
    queue = Queue(name("shared"), exclusive=True)
    queue(channels[0]).declare()
    for number, channel in enumerate(channels):
        Producer(channel).publish(number, routing_key=queue.name)
        assert queue(channel).get(no_ack=True).payload == number
    for channel in channels:
        channel.close()
    assert connection.channel().is_open
