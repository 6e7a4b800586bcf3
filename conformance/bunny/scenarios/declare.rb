require "support"

connect do |connection|
  channel = connection.create_channel
  queue = name("queue")
  exchange = name("exchange")

  assert_equal 0, channel.queue(queue, durable: true).message_count
  channel.confirm_select
  publish(channel.queue(queue), "kept")
  assert channel.wait_for_confirms
  again = channel.queue_declare(queue, durable: true)
  assert_equal [queue, 1, 0], [again.queue, again.message_count, again.consumer_count]
  assert_equal 1, channel.queue_declare(queue, passive: true).message_count
  text = "PRECONDITION_FAILED - inequivalent arg '%s' for %s in vhost '/'"
  refused(connection, Bunny::PreconditionFailed, format(text, "durable", "queue '#{queue}'")) do |other|
    other.queue(queue)
  end
  refused(connection, Bunny::PreconditionFailed, format(text, "x-max-length", "queue '#{queue}'")) do |other|
    other.queue(queue, durable: true, arguments: { "x-max-length" => 5 })
  end

  2.times { channel.exchange_declare(exchange, :topic, durable: true) }
  channel.exchange(exchange, passive: true)
  refused(connection, Bunny::PreconditionFailed, format(text, "type", "exchange '#{exchange}'")) do |other|
    other.fanout(exchange, durable: true)
  end
  reserved = "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'"
  refused(connection, Bunny::AccessRefused, reserved) { |other| other.fanout("amq.mine") }

  first, second = Array.new(2) { channel.temporary_queue.name }
  assert first.start_with?("amq.gen-") && first != second

  channel.exchange_delete(exchange)
  assert_equal 1, channel.queue_delete(queue).message_count
  refused(connection, Bunny::NotFound, "NOT_FOUND - no queue '#{queue}' in vhost '/'") do |other|
    other.queue(queue, passive: true)
  end
  refused(connection, Bunny::NotFound, "NOT_FOUND - no exchange '#{exchange}' in vhost '/'") do |other|
    other.exchange(exchange, passive: true)
  end
  assert_equal 0, channel.queue_delete(queue).message_count
end
