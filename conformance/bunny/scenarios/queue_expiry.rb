require "support"

EXPIRES = 0.8

# Waits until a queue is gone; to look is to use it, so this looks seldom.
def await_end(connection, queue)
  eventually(1.25 * EXPIRES) { !connection.queue_exists?(queue.name) }
end

connect do |connection|
  channel = confirming(connection)
  dead = channel.queue(name("dead"), exclusive: true)
  arguments = {
    "x-expires" => (EXPIRES * 1000).to_i,
    "x-dead-letter-exchange" => "",
    "x-dead-letter-routing-key" => dead.name
  }
  used = channel.queue(name("used"), durable: true, arguments: arguments)
  consumer = consume(used).consumer
  idle = channel.queue(name("idle"), durable: true, arguments: arguments)
  confirmed(idle, "goes with its queue")
  await_end(connection, idle)
  assert_equal [], drain(dead)
  assert_equal({ message_count: 0, consumer_count: 1 }, used.status)
  consumer.cancel
  await_end(connection, used)

  reasons = { 0 => "{value_zero,0}", -1 => "{value_negative,-1}" }
  refuse_argument(connection, "x-expires", reasons)
end
