require "support"
require "bigdecimal"

# bunny writes whole decimals only, reads strings as octets, and reads no array to its end that
# ends with a value of fewer than four octets.
HEADERS = {
  "text" => "grüße".b,
  "octets" => "\x00\xFF".b,
  "true" => true,
  "false" => false,
  "int" => -70_000,
  "long" => 2**40,
  "smallest" => -(2**63),
  "double" => 0.1,
  "decimal" => BigDecimal("1234"),
  "time" => Time.at(1_700_000_000),
  "nothing" => nil,
  "list" => ["one", 2, [true, nil, "end"], { "k" => "v" }],
  "table" => { "inner" => { "deep" => 1 }, "empty" => {} }
}.freeze

PROPERTIES = {
  content_type: "application/json",
  content_encoding: "gzip",
  delivery_mode: 2,
  priority: 5,
  correlation_id: "c-1",
  reply_to: "somewhere",
  expiration: "60000",
  message_id: "m-1",
  timestamp: Time.at(1_700_000_000),
  type: "kind",
  user_id: "guest",
  app_id: "conformance",
  cluster_id: "cluster"
}.freeze

# What bunny adds to a message that says nothing of it.
DEFAULTS = { content_type: "application/octet-stream", delivery_mode: 2, priority: 0 }.freeze

connect do |connection|
  queue = connection.create_channel.temporary_queue
  single = AMQ::Protocol::Float32Bit.new(0.5)
  queue.publish(
    "all", **PROPERTIES, timestamp: 1_700_000_000, headers: HEADERS.merge("float" => single)
  )
  queue.publish("none")
  queue.publish("empty", headers: {})

  every, none, empty = receive(queue, 3).map { |delivery| delivery.properties.to_h }
  headers = every.delete(:headers)
  assert_equal PROPERTIES, every
  assert_equal HEADERS.merge("float" => 0.5), headers
  assert_equal DEFAULTS, none
  assert_equal DEFAULTS.merge(headers: {}), empty
end
