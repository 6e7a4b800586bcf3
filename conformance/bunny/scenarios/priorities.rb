# bunny gives each message a priority, 0 if it is told none.

require "support"

connect do |connection|
  channel = confirming(connection)
  arguments = { "x-max-priority" => 5 }
  queue = channel.queue(name("priorities"), exclusive: true, arguments: arguments)
  confirmed(queue, "none")
  [["1", 1], ["3", 3], ["5", 5], ["0", 0], ["9", 9], ["3 again", 3]].each do |text, priority|
    confirmed(queue, text, priority: priority)
  end
  messages = drain(queue)
  assert_equal ["5", "9", "3", "3 again", "1", "none", "0"], bodies(messages)
  assert_equal [5, 9, 3, 3, 1, 0, 0], messages.map { |message| message.properties.priority }

  confirmed(queue, "low", priority: 1)
  confirmed(queue, "high", "higher", priority: 4)
  tags = Array.new(3) { get(queue).tag }
  channel.nack(tags.last, true, true)
  again = drain(queue)
  assert_equal %w[high higher low], bodies(again)
  assert again.all?(&:redelivered?)

  reasons = { 256 => "{max_value_exceeded,256}", "5" => '"expected integer, got longstr"' }
  refuse_argument(connection, "x-max-priority", reasons)
end
