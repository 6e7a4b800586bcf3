require "support"

connect do |connection|
  channel = connection.create_channel
  queue = channel.temporary_queue
  channel.prefetch(1)
  low, high = [-1, 10].map do |priority|
    consume(queue, manual_ack: true, arguments: { "x-priority" => priority })
  end
  publish(queue, "1", "2", "3")
  assert_equal ["2"], bodies(low.exactly(1))
  taken = high.exactly(1)
  assert_equal ["1"], bodies(taken)
  channel.ack(taken.first.tag)
  assert_equal ["3"], bodies(high.exactly(1))
  low.exactly(0)

  single = { exclusive: true, arguments: { "x-single-active-consumer" => true } }
  first, second = Array.new(2) { connection.create_channel.queue(name("single"), single) }
  active, waiting = [first, second].map { |each| consume(each, manual_ack: true) }
  publish(queue = first, "1", "2")
  active.exactly(2)
  waiting.exactly(0)
  first.channel.close
  again = waiting.exactly(2)
  assert_equal [["1", true], ["2", true]], again.map { |each| [each.body, each.redelivered?] }
  refused(connection, Bunny::AccessRefused, "ACCESS_REFUSED") do |third|
    third.queue(queue.name, single).subscribe(exclusive: true)
  end
end
