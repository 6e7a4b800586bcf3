require "support"

# The messages of each queue, of which none may have BCC.
def received(queues)
  queues.map do |queue|
    drain(queue).each { |message| assert !message.properties.headers.key?("BCC") }
  end
end

connect do |connection|
  channel = confirming(connection)
  exchange = channel.direct(name("keys"), auto_delete: true)
  queues = %w[a b c].map do |key|
    channel.queue(name(key), exclusive: true).bind(exchange, routing_key: key)
  end

  headers = { "CC" => %w[b a], "BCC" => %w[c] }
  confirmed(exchange, "to all", routing_key: "a", headers: headers)
  received(queues).each do |messages|
    assert_equal ["to all"], bodies(messages)
    message = messages.first
    assert_equal ["a", %w[b a]], [message.info.routing_key, message.properties.headers["CC"]]
  end

  confirmed(exchange, "only copies", routing_key: "nowhere", headers: { "CC" => %w[c] })
  assert_equal [[], [], ["only copies"]], received(queues).map { |messages| bodies(messages) }

  headers = { "CC" => [queues[1].name, name("nowhere")], "BCC" => [queues[2].name] }
  confirmed(queues[0], "by the default exchange", headers: headers)
  texts = received(queues).map { |messages| bodies(messages) }
  assert_equal [["by the default exchange"]] * 3, texts

  %w[CC BCC].each do |header|
    text = "PRECONDITION_FAILED - invalid message: " \
           "{unacceptable_type_in_header,\"#{header}\",longstr}"
    refused_publish(connection, text, routing_key: "a", headers: { header => "b" })
  end
end
