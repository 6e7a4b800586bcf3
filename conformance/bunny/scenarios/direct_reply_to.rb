require "support"

REPLY_TO = "amq.rabbitmq.reply-to"

def listen(channel, **options) = consume(channel.queue(REPLY_TO, no_declare: true), **options)

connect do |connection|
  connect do |server|
    channel = connection.create_channel
    serving = server.create_channel
    requests = serving.queue(name("requests"))

    replies = listen(channel)
    question = { routing_key: requests.name, reply_to: REPLY_TO }
    channel.default_exchange.publish("question", **question, correlation_id: "7")
    request = receive(requests, 1).first
    address = request.properties.reply_to
    assert_equal "question", request.body
    assert address.start_with?("#{REPLY_TO}."), address
    found = serving.queue_declare(address, passive: true)
    assert_equal [address, 0, 1], [found.queue, found.message_count, found.consumer_count]
    serving.default_exchange.publish(
      "answer", routing_key: address, correlation_id: request.properties.correlation_id
    )
    reply = replies.next
    assert_equal ["answer", "7"], [reply.body, reply.properties.correlation_id]
    assert_equal ["", address], [reply.info.exchange, reply.info.routing_key]
    assert !reply.redelivered?

    failed = Bunny::PreconditionFailed
    refused(connection, failed, "reply consumer cannot acknowledge") do |other|
      listen(other, manual_ack: true)
    end
    refused(connection, failed, "reply consumer already set") { |other| 2.times { listen(other) } }
    refused_publish(connection, "fast reply consumer does not exist", **question)

    channel.close
    refused(server, Bunny::NotFound, "no queue '#{address}'") do |other|
      other.queue_declare(address, passive: true)
    end
    assert_equal 0, requests.delete.message_count
  end
end
