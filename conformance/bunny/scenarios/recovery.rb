# bunny brings back the connection, its channels, what they declared, and the consumers.

require "support"

recovered = Thread::Queue.new
connection = connect(network_recovery_interval: 0.2, recovery_completed: -> { recovered << true })
channel = confirming(connection)
exchange = channel.direct(name("exchange"), durable: true)
queue = channel.queue(name("durable"), durable: true).bind(exchange, routing_key: "key")
tasks = consume(queue, manual_ack: true)
logs = channel.fanout(name("logs"), auto_delete: true)
lines = consume(channel.temporary_queue.bind(logs))
confirmed(exchange, "1", "2", routing_key: "key", persistent: true)
confirmed(exchange, "transient", routing_key: "key", persistent: false)
assert_equal %w[1 2 transient], bodies(tasks.take(3))

control("/broker/kill")
control("/broker/start")
await(recovered)

confirmed(exchange, "3", routing_key: "key", persistent: true)
assert_equal %w[1 2 3], bodies(tasks.exactly(3))
confirmed(logs, "after")
assert_equal %w[after], bodies(lines.exactly(1))

exchange.delete
queue.delete
connection.close
