require "support"

def prepare(connection)
  channel = connection.create_channel
  queue = channel.temporary_queue
  publish(queue, *"0".."9")
  [channel, queue]
end

connect do |connection|
  channel, queue = prepare(connection)
  channel.prefetch(2)
  deliveries = consume(queue, manual_ack: true)
  taken = deliveries.exactly(2)
  channel.ack(taken.first.tag)
  taken = deliveries.exactly(1)
  channel.ack(taken.last.tag, true)
  deliveries.exactly(2)
  consume(queue, manual_ack: true).exactly(2)
  deliveries.exactly(0)
  channel.close

  channel, queue = prepare(connection)
  channel.prefetch(3, true)
  deliveries = consume(queue, manual_ack: true).subscribe(queue, manual_ack: true)
  taken = deliveries.exactly(3)
  channel.ack(taken.last.tag, true)
  deliveries.exactly(3)
end
