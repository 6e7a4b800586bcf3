require "support"

connect do |connection|
  channel = connection.create_channel
  queue = channel.temporary_queue
  publish(queue, *"0".."4")

  tags = Array.new(5) { get(queue).tag }
  channel.nack(tags[3], false, true)
  channel.reject(tags[1], true)
  channel.reject(tags[4], false)
  again = Array.new(2) { get(queue) }
  assert_equal [["1", true], ["3", true]], again.map { |each| [each.body, each.redelivered?] }

  channel.nack(0, true, true)
  came = receive(queue, 4)
  assert_equal %w[0 1 2 3], bodies(came)
  assert came.all?(&:redelivered?)

  publish(queue, "unwanted")
  channel.nack(get(queue).tag)
  assert_equal nil, get(queue)
end
