require "support"

connect do |connection|
  channel = connection.create_channel
  channel.confirm_select
  returned = Thread::Queue.new
  exchange = channel.default_exchange
  exchange.on_return { |*message| returned << message }
  nowhere = name("nowhere")

  exchange.publish(
    "come back", routing_key: nowhere, mandatory: true, message_id: "m-1", headers: { "try" => 1 }
  )
  assert channel.wait_for_confirms
  assert_equal 1, returned.size
  info, properties, body = returned.pop
  assert_equal [312, "NO_ROUTE"], [info.reply_code, info.reply_text]
  assert_equal ["", nowhere], [info.exchange, info.routing_key]
  assert_equal ["m-1", { "try" => 1 }], [properties.message_id, properties.headers]
  assert_equal "come back", body
end
