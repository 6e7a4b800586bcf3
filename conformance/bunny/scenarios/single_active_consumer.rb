require "support"

SINGLE = { "x-single-active-consumer" => true }.freeze

# The queue on a channel of its own, with its consumer's deliveries.
def join(connection)
  channel = connection.create_channel
  channel.prefetch(2)
  queue = channel.queue(name("single"), auto_delete: true, arguments: SINGLE)
  [channel, consume(queue, manual_ack: true)]
end

connect do |connection|
  connect do |other|
    active, at_active = join(connection)
    waiting, at_waiting = join(connection)
    last, at_last = join(other)
    channel = confirming(connection)
    queue = channel.queue(name("single"), auto_delete: true, arguments: SINGLE)
    confirmed(queue, "1", "2")
    held = at_active.take(2)
    assert_equal %w[1 2], bodies(held)
    at_waiting.exactly(0)

    at_active.consumer.cancel
    confirmed(queue, "3")
    assert_equal "3", at_waiting.next.body
    active.reject(held.last.tag, true)
    again = at_waiting.next
    assert_equal ["2", true], [again.body, again.redelivered?]
    active.ack(held.first.tag)

    at_last.exactly(0)
    waiting.close
    again = at_last.take(2)
    assert_equal [["2", true], ["3", true]], again.map { |each| [each.body, each.redelivered?] }
    last.ack(again.last.tag, true)
    confirmed(queue, "4")
    assert_equal "4", at_last.next.body
  end

  reasons = { "true" => "{unacceptable_type,longstr}" }
  refuse_argument(connection, "x-single-active-consumer", reasons)
end
