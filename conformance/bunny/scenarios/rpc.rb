require "support"
require "securerandom"

CALLS = 5

def fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)

def serve(channel)
  queue = channel.queue(name("rpc_queue"))
  channel.prefetch(1)
  queue.subscribe(manual_ack: true) do |info, properties, body|
    channel.default_exchange.publish(
      fib(body.to_i).to_s,
      routing_key: properties.reply_to,
      correlation_id: properties.correlation_id
    )
    channel.ack(info.delivery_tag)
  end
  queue
end

connect do |server|
  requests = serve(server.create_channel)
  connect do |client|
    channel = client.create_channel
    callback = channel.temporary_queue
    calls = (10...10 + CALLS).to_h { |n| [SecureRandom.uuid, n] }
    calls.each do |id, n|
      channel.default_exchange.publish(
        n.to_s, routing_key: requests.name, reply_to: callback.name, correlation_id: id
      )
    end
    receive(callback, CALLS).each do |reply|
      assert_equal fib(calls.delete(reply.properties.correlation_id)).to_s, reply.body
    end
    assert calls.empty?
  end
  requests.delete
end
