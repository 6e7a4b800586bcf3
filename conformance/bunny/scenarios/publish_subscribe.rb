require "support"

def subscribe(connection)
  channel = connection.create_channel
  queue = channel.temporary_queue
  assert queue.name.start_with?("amq.gen-"), queue.name
  queue.bind(channel.fanout(name("logs")))
end

connect do |publisher|
  exchange = publisher.create_channel.fanout(name("logs"))
  exchange.publish("nobody listens")

  subscribers = [connect, connect]
  queues = subscribers.map { |connection| subscribe(connection) }
  ["info: one", "info: two"].each { |text| exchange.publish(text, routing_key: "ignored") }
  queues.each { |queue| assert_equal ["info: one", "info: two"], bodies(receive(queue, 2)) }

  queue = queues.first.name
  refused(publisher, Bunny::ResourceLocked, queue) { |channel| channel.queue(queue, passive: true) }

  subscribers.each(&:close)
  assert !publisher.queue_exists?(queue), "an exclusive queue outlived its connection"
  exchange.delete
end
