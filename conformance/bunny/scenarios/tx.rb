require "support"

connect do |connection|
  queue = connection.create_channel.queue(name("tx"))
  channel = connection.create_channel
  worker = channel.queue(queue.name)
  channel.tx_select
  publish(worker, "undone")
  channel.tx_rollback
  assert_equal 0, queue.message_count

  publish(worker, "done")
  assert_equal 0, queue.message_count
  channel.tx_commit
  assert_equal 1, queue.message_count

  channel.ack(get(worker).tag)
  channel.tx_rollback
  channel.close
  assert_equal 1, queue.message_count

  channel = connection.create_channel
  channel.tx_select
  channel.ack(get(channel.queue(queue.name)).tag)
  channel.tx_commit
  channel.close
  assert_equal 0, queue.message_count
  queue.delete
end
