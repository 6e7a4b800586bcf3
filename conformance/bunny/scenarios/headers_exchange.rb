require "support"

connect do |connection|
  channel = connection.create_channel
  channel.confirm_select
  exchange = channel.headers(name("headers"), auto_delete: true)
  all, any = %w[all any].map do |match|
    wanted = { "x-match" => match, "format" => "pdf", "pages" => 2 }
    channel.temporary_queue.bind(exchange, routing_key: "ignored", arguments: wanted)
  end

  exchange.publish("both", headers: { "format" => "pdf", "pages" => 2, "x" => 1 })
  exchange.publish("one", headers: { "format" => "pdf", "pages" => 3 })
  exchange.publish("none", headers: { "format" => "PDF" })
  exchange.publish("bare")
  assert channel.wait_for_confirms

  assert_equal %w[both], bodies(receive(all, 1))
  assert_equal %w[both one], bodies(receive(any, 2))
  [all, any].each { |queue| assert_equal 0, queue.message_count }

  refused(connection, Bunny::PreconditionFailed, "Invalid x-match field value") do |other|
    other.queue_bind(all.name, exchange, arguments: { "x-match" => "some" })
  end
end
