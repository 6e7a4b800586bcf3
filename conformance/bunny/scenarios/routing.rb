require "support"

connect do |connection|
  channel = connection.create_channel
  exchange = channel.direct(name("direct_logs"))
  errors = channel.temporary_queue.bind(exchange, routing_key: "error")
  everything = channel.temporary_queue
  %w[info warning error].each { |severity| everything.bind(exchange, routing_key: severity) }

  %w[info error debug warning].each { |severity| exchange.publish(severity, routing_key: severity) }

  assert_equal %w[error], bodies(receive(errors, 1))
  assert_equal %w[info error warning], bodies(receive(everything, 3))
  [errors, everything].each { |queue| assert_equal 0, queue.message_count }
  exchange.delete
end
