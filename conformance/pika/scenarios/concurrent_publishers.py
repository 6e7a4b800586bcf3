"""A BlockingConnection belongs to one thread: others hand it their publishes as callbacks."""

import threading

from support import PATIENCE, confirming, connect, consume, eventually, name, take, texts

PUBLISHERS, MESSAGES = 8, 250

with connect() as connection:
    queue = name("shared")
    channel = confirming(connection)
    channel.queue_declare(queue, exclusive=True)
    channels = [confirming(connection) for _ in range(PUBLISHERS)]
    confirmed = []

    def publish(number, text):
        channels[number].basic_publish("", queue, text)
        confirmed.append(text)

    def publisher(number):
        for message in range(MESSAGES):
            text = f"{number} {message}"
            connection.add_callback_threadsafe(lambda text=text: publish(number, text))

    threads = [threading.Thread(target=publisher, args=(n,)) for n in range(PUBLISHERS)]
    for thread in threads:
        thread.start()
    count = PUBLISHERS * MESSAGES
    eventually(lambda: connection.process_data_events(0.02) or len(confirmed) == count)
    for thread in threads:
        thread.join(PATIENCE)

    received = texts(take(connection, consume(channel, queue, auto_ack=True), count))
    for number in range(PUBLISHERS):
        mine = [text for text in received if text.startswith(f"{number} ")]
        assert mine == [f"{number} {message}" for message in range(MESSAGES)]
