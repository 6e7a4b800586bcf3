require "support"

KINDS = {
  "key" => {},
  "header" => { "hash-header" => "customer" },
  "property" => { "hash-property" => "correlation_id" }
}.freeze
CUSTOMERS = ("0".."39").to_a.freeze
EACH = 2

def declare(channel, kind, arguments)
  options = { type: "x-consistent-hash", auto_delete: true, arguments: arguments }
  channel.exchange(name(kind), options)
end

# What each of three queues gets of the customers' messages.
def shares(channel, kind, arguments)
  exchange = declare(channel, kind, arguments)
  queues = %w[10 20 10].map { |weight| channel.temporary_queue.bind(exchange, routing_key: weight) }
  (CUSTOMERS * EACH).each do |customer|
    key = kind == "key" ? customer : "same"
    other = { headers: { "customer" => customer }, correlation_id: customer }
    publish(exchange, customer, routing_key: key, **other)
  end
  assert channel.wait_for_confirms
  queues.map { |queue| bodies(drain(queue)) }
end

connect do |connection|
  channel = confirming(connection)
  KINDS.each do |kind, arguments|
    found = shares(channel, kind, arguments)
    assert_equal CUSTOMERS.size * EACH, found.flatten.size
    assert found.none?(&:empty?), "a queue got none"
    assert_equal CUSTOMERS.sort, found.flat_map(&:uniq).sort
  end

  exchange = declare(channel, "wrong", {})
  queue = channel.temporary_queue
  failed = Bunny::PreconditionFailed
  { "0" => "greater than 0", "x" => "an integer" }.each do |weight, wanted|
    refused(connection, failed, "The binding key must be #{wanted}") do |other|
      other.queue_bind(queue.name, exchange, routing_key: weight)
    end
  end
  both = { "hash-header" => "a", "hash-property" => "message_id" }
  text = "hash-header and hash-property are mutually exclusive"
  refused(connection, failed, text) { |other| declare(other, "both", both) }
  unknown = { "hash-property" => "app_id" }
  text = "Unsupported property: app_id"
  refused(connection, failed, text) { |other| declare(other, "other", unknown) }
  exchange.delete
end
