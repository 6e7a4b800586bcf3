require "support"

# A queue's TTL, a message's expiration, and what the message's death tells of the latter.
LIFETIMES = [
  [150, nil, nil],
  [nil, "150", "150"],
  [600_000, "150", "150"],
  [150, "600000", "600000"],
  [0, nil, nil],
  [nil, "0", "0"]
].freeze

connect do |connection|
  channel = confirming(connection)
  dead = channel.queue(name("dead"), exclusive: true)
  LIFETIMES.each do |ttl, expiration, told|
    arguments = { "x-dead-letter-exchange" => "", "x-dead-letter-routing-key" => dead.name }
    arguments["x-message-ttl"] = ttl if ttl
    queue = channel.queue(name("#{ttl}.#{expiration}"), exclusive: true, arguments: arguments)
    confirmed(queue, "mortal", expiration: expiration)
    letter = receive(dead, 1).first
    assert_equal ["mortal", nil], [letter.body, letter.properties.expiration]
    deaths = letter.properties.headers["x-death"].map do |death|
      death.values_at("queue", "reason", "count", "original-expiration")
    end
    assert_equal [[queue.name, "expired", 1, told]], deaths
    assert_equal [], drain(queue)
  end

  lasting = { "x-message-ttl" => 600_000 }
  kept = channel.queue(name("kept"), exclusive: true, arguments: lasting)
  confirmed(kept, "by queue")
  confirmed(kept, "by both", expiration: "500000")
  messages = drain(kept).map { |message| [message.body, message.properties.expiration] }
  assert_equal [["by queue", nil], ["by both", "500000"]], messages

  instant = channel.queue(name("instant"), exclusive: true, arguments: { "x-message-ttl" => 0 })
  deliveries = consume(instant)
  confirmed(instant, "in time")
  assert_equal "in time", deliveries.next.body

  reasons = { -1 => "{value_negative,-1}", "150" => '"expected integer, got longstr"' }
  refuse_argument(connection, "x-message-ttl", reasons)
  { "soon" => "no_integer", "-1" => "{value_negative,-1}" }.each do |expiration, why|
    text = "PRECONDITION_FAILED - invalid expiration '#{expiration}': #{why}"
    refused_publish(connection, text, routing_key: kept.name, expiration: expiration)
  end
end
