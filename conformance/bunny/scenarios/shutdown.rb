# One connection is told of the stop; the other recovers from it, as bunny's do by default.

require "support"

recovered = Thread::Queue.new
connection = connect(network_recovery_interval: 0.2, recovery_completed: -> { recovered << true })
channel = connection.create_channel
channel.confirm_select
queue = channel.queue(name("durable"), durable: true)
publish(queue, "1", "2", persistent: true)
assert channel.wait_for_confirms

failures = Failures.new
connect(recover_from_connection_close: false, session_error_handler: failures)

control("/broker/stop")

closed = await(failures)
assert closed.is_a?(Bunny::ConnectionForced), closed
assert_equal 320, closed.connection_close.reply_code
text = closed.connection_close.reply_text
assert text.start_with?("CONNECTION_FORCED"), text

control("/broker/start")
await(recovered)
assert_equal %w[1 2], bodies(receive(queue, 2))
queue.delete
connection.close
