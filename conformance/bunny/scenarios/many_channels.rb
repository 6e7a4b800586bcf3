require "support"

CHANNELS = 1000

connect do |connection|
  channels = Array.new(CHANNELS) { connection.create_channel }
  assert_equal CHANNELS, channels.map(&:number).uniq.size
  queue = channels.first.temporary_queue.name
  channels.each_with_index do |channel, number|
    channel.default_exchange.publish(number.to_s, routing_key: queue)
    _info, _properties, body = channel.basic_get(queue, manual_ack: false)
    assert_equal number.to_s, body
  end
  channels.each(&:close)
  assert connection.create_channel.open?
end
