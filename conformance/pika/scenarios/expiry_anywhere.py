from support import connect, drain, name, publish, receive, texts

with connect() as connection:
    channel = connection.channel()
    queue, dead = name("lasting"), name("dead")
    channel.queue_declare(dead, exclusive=True)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    channel.queue_declare(queue, exclusive=True, arguments=arguments)
    publish(channel, queue, "stays")
    for text, expiration in [("second", "400"), ("first", "100"), ("stays too", "600000")]:
        publish(channel, queue, text, expiration=expiration)
    assert texts(receive(channel, dead, 2)) == ["first", "second"]
    assert texts(drain(channel, queue)) == ["stays", "stays too"]
