require "support"

connect do |connection|
  bystander = connection.create_channel
  queue = bystander.temporary_queue
  missing = name("missing")

  channel = connection.create_channel
  begin
    channel.queue(missing, passive: true)
    raise "a missing queue was declared passively"
  rescue Bunny::NotFound => closed
    assert_equal 404, closed.channel_close.reply_code
    assert_equal "NOT_FOUND - no queue '#{missing}' in vhost '/'", closed.message
  end
  assert channel.closed?

  channel = connection.create_channel
  channel.basic_publish("lost", missing, "")
  begin
    channel.prefetch(1)
    raise "a publish to a missing exchange went unnoticed"
  rescue Bunny::NotFound, Bunny::ChannelAlreadyClosed => closed
    text = "NOT_FOUND - no exchange '#{missing}' in vhost '/'"
    assert closed.message.end_with?(text), closed.message
  end

  assert connection.open?
  queue.publish("still here")
  assert_equal ["still here"], bodies(receive(queue, 1))
  assert connection.create_channel.open?
end
