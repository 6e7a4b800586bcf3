require "support"

failures = Failures.new
connection = connect(heartbeat: 1, automatically_recover: false, session_error_handler: failures)
queue = connection.create_channel.queue(name("held"))
publish(queue, "held")
assert_equal "held", consume(queue, manual_ack: true).next.body

control("/client/freeze?seconds=5")

connect do |other|
  held = get(other.create_channel.queue(queue.name))
  assert_equal ["held", true], [held.body, held.redelivered?]
end
assert await(failures).is_a?(Bunny::NetworkFailure)
connect { |other| other.create_channel.queue_delete(queue.name) }
