"""py-amqp's connections serve one thread at a time: a lock hands it from one to the next."""

import threading

from kombu import Producer, Queue

from support import PATIENCE, confirming, name, ready, receive

PUBLISHERS, MESSAGES = 8, 250

with confirming() as connection:
    channel = connection.channel()
    queue = Queue(name("shared"), exclusive=True)
    queue(channel).declare()
    channels = [connection.channel() for _ in range(PUBLISHERS)]
    turn = threading.Lock()

    def publisher(number):
        producer = Producer(channels[number], routing_key=queue.name)
        for message in range(MESSAGES):
            with turn:
                producer.publish([number, message])

    threads = [threading.Thread(target=publisher, args=(n,)) for n in range(PUBLISHERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE)

    assert ready(channel, queue.name) == PUBLISHERS * MESSAGES
    received = [message.payload for message in receive(channel, queue, PUBLISHERS * MESSAGES)]
    for number in range(PUBLISHERS):
        mine = [message for publisher, message in received if publisher == number]
        assert mine == list(range(MESSAGES)), mine
