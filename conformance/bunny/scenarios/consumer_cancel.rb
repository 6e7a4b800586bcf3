require "support"

connect do |connection|
  channel = connection.create_channel
  cancelled = Thread::Queue.new
  doomed = channel.queue(name("doomed"))
  deliveries = consume(doomed, on_cancellation: ->(cancel) { cancelled << cancel.consumer_tag })
  publish(doomed, "before")
  assert_equal "before", deliveries.next.body

  connection.with_channel { |other| other.queue_delete(doomed.name) }

  assert_equal deliveries.consumer.consumer_tag, await(cancelled)
  assert channel.open?
  queue = channel.temporary_queue
  publish(queue, "after")
  assert_equal ["after"], bodies(receive(queue, 1))
end
