require "support"

connect do |connection|
  channel = connection.create_channel
  queue = channel.queue(name("confirms"), durable: true)
  confirmed = []
  channel.confirm_select(->(tag, _multiple, nack) { confirmed << tag unless nack })

  20.times do |number|
    publish(queue, "single #{number}", persistent: true)
    assert channel.wait_for_confirms
    assert_equal number + 1, confirmed.size
  end
  assert_equal 20, queue.message_count

  500.times { |number| publish(queue, "batch #{number}", persistent: true) }
  assert channel.wait_for_confirms
  assert_equal (1..520).to_a, confirmed.sort
  assert_equal 520, queue.message_count

  channel.default_exchange.publish("dropped", routing_key: name("nowhere"))
  assert channel.wait_for_confirms, "an unroutable message was nacked"
  assert_equal 520, queue.delete.message_count
end
