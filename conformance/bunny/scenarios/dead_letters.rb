require "support"

# Queue, reason and count of each death that a message tells of.
def deaths(message)
  headers = message.properties.headers || {}
  headers.fetch("x-death", []).map { |death| death.values_at("queue", "reason", "count") }
end

def letters(channel)
  exchange = channel.topic(name("dlx"), auto_delete: true)
  dead = channel.queue(name("dead"), exclusive: true).bind(exchange, routing_key: "#")
  arguments = { "x-dead-letter-exchange" => exchange.name }
  dying = channel.queue(name("dying"), exclusive: true, arguments: arguments)

  publish(dying, "expires", expiration: "50", headers: { "n" => 1 }, persistent: true)
  expired = receive(dead, 1).first
  assert_equal [exchange.name, dying.name], [expired.info.exchange, expired.info.routing_key]
  assert_equal [nil, 2], [expired.properties.expiration, expired.properties.delivery_mode]
  assert_equal 1, expired.properties.headers["n"]
  assert_equal [[dying.name, "expired", 1]], deaths(expired)
  death = expired.properties.headers["x-death"].first
  assert_equal ["50", "", [dying.name]],
               death.values_at("original-expiration", "exchange", "routing-keys")

  publish(dying, "rejected")
  channel.reject(get(dying).tag)
  headers = receive(dead, 1).first.properties.headers
  first = %w[reason queue exchange].map { |what| headers["x-first-death-#{what}"] }
  assert_equal ["rejected", dying.name, ""], first
end

def attempts(channel)
  to = ->(key) { { "x-dead-letter-exchange" => "", "x-dead-letter-routing-key" => name(key) } }
  work = channel.queue(name("work"), exclusive: true, arguments: to["wait"])
  back = to["work"].merge("x-message-ttl" => 50)
  wait = channel.queue(name("wait"), exclusive: true, arguments: back)
  publish(work, "job")
  jobs = consume(work, manual_ack: true)
  4.times do |attempt|
    job = jobs.next
    expected = [[wait.name, "expired", attempt], [work.name, "rejected", attempt]]
    assert_equal attempt.zero? ? [] : expected, deaths(job)
    channel.reject(job.tag)
  end
end

connect do |connection|
  channel = connection.create_channel
  letters(channel)
  attempts(channel)
end
