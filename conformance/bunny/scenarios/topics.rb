require "support"

KEYS = %w[
  quick.orange.rabbit lazy.orange.elephant quick.orange.fox lazy.brown.fox lazy.pink.rabbit
  quick.brown.fox orange quick.orange.new.rabbit lazy.orange.new.rabbit lazy
].freeze

EXPECTED = {
  %w[*.orange.*] => %w[quick.orange.rabbit lazy.orange.elephant quick.orange.fox],
  %w[*.*.rabbit lazy.#] => %w[
    quick.orange.rabbit lazy.orange.elephant lazy.brown.fox lazy.pink.rabbit
    lazy.orange.new.rabbit lazy
  ],
  %w[#] => KEYS
}.freeze

connect do |connection|
  channel = connection.create_channel
  exchange = channel.topic(name("topic_logs"))
  queues = EXPECTED.transform_keys do |patterns|
    queue = channel.temporary_queue
    patterns.each { |pattern| queue.bind(exchange, routing_key: pattern) }
    queue
  end

  KEYS.each { |key| exchange.publish(key, routing_key: key) }

  queues.each do |queue, expected|
    assert_equal expected, bodies(receive(queue, expected.size))
    assert_equal 0, queue.message_count
  end
  exchange.delete
end
