require "support"

connect do |connection|
  channel = connection.create_channel
  queue = channel.temporary_queue
  publish(queue, "1", "2", "3")
  deliveries = consume(queue, manual_ack: true)
  first = deliveries.take(3)
  assert first.none?(&:redelivered?)
  channel.ack(first[1].tag)

  channel.recover

  again = deliveries.take(2)
  assert_equal %w[1 3], bodies(again)
  assert again.all?(&:redelivered?)
  channel.ack(again.last.tag, true)
  channel.close
  assert_equal 0, connection.create_channel.queue_declare(queue.name, passive: true).message_count
end
