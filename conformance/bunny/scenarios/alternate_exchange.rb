require "support"

def alternate(exchange) = { arguments: { "alternate-exchange" => exchange.name } }

connect do |connection|
  channel = confirming(connection)
  last = channel.fanout(name("last"))
  second = channel.topic(name("second"), alternate(last))
  main = channel.direct(name("main"), alternate(second))
  returned = Thread::Queue.new
  main.on_return { |*message| returned << message }
  bound = channel.temporary_queue.bind(main, routing_key: "bound")
  caught = channel.temporary_queue.bind(second, routing_key: "caught.*")
  rest = channel.temporary_queue.bind(last)

  expected = { bound => "bound", caught => "caught.here", rest => "anything" }
  expected.each_value { |key| confirmed(main, key, routing_key: key, mandatory: true) }
  expected.each do |queue, key|
    messages = drain(queue)
    assert_equal [key], bodies(messages)
    info = messages.first.info
    assert_equal [main.name, key], [info.exchange, info.routing_key]
  end
  assert returned.empty?, "what the alternate exchange routed was returned"

  text = "inequivalent arg 'alternate-exchange' for exchange '#{main.name}' in vhost '/': " \
         "received '#{last.name}' but current is '#{second.name}'"
  refused(connection, Bunny::PreconditionFailed, text) do |other|
    other.direct(main.name, alternate(last))
  end
  [main, second, last].each(&:delete)
end
