require "support"

# A message by basic.get, as [its get-ok, its body]; `Queue#pop` hides how many are left.
def fetch(channel, manual_ack: true)
  method, _properties, body = channel.basic_get(name("polled"), manual_ack: manual_ack)
  [method, body]
end

connect do |connection|
  channel = connection.create_channel
  queue = channel.queue(name("polled"))
  assert_equal [nil, nil, nil], queue.pop

  publish(queue, "one", "two", "three")
  method, body = fetch(channel, manual_ack: false)
  assert_equal ["one", 2, false], [body, method.message_count, method.redelivered]
  assert_equal ["", queue.name], [method.exchange, method.routing_key]
  method, body = fetch(channel)
  assert_equal ["two", 1], [body, method.message_count]
  channel.ack(method.delivery_tag)
  method, body = fetch(channel)
  assert_equal ["three", 0], [body, method.message_count]
  assert_equal [nil, nil, nil], queue.pop
  channel.close

  queue = connection.create_channel.queue(queue.name)
  info, _properties, body = queue.pop
  assert_equal ["three", true], [body, info.redelivered]
  queue.delete
end
