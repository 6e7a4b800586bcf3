require "support"

# Sees that another connection's exclusive queue cannot be used.
def locked(connection, queue, &use)
  text = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '#{queue}' in vhost '/'"
  refused(connection, Bunny::ResourceLocked, text, &use)
end

def exclusive(other)
  owner = connect
  queue = owner.create_channel.queue(name("exclusive"), exclusive: true).name
  locked(other, queue) { |channel| channel.queue(queue, passive: true) }
  locked(other, queue) { |channel| channel.queue(queue, no_declare: true).subscribe {} }
  locked(other, queue) { |channel| channel.queue_delete(queue) }
  owner.close
  eventually { !other.queue_exists?(queue) }
end

def auto_delete_queue(connection)
  channel = connection.create_channel
  queue = channel.queue(name("auto-delete"), auto_delete: true)
  first, second = Array.new(2) { queue.subscribe {} }
  first.cancel
  assert connection.queue_exists?(queue.name)
  second.cancel
  assert !connection.queue_exists?(queue.name)

  channel = connection.create_channel
  channel.queue(queue.name, auto_delete: true).subscribe {}
  channel.close
  eventually { !connection.queue_exists?(queue.name) }
end

def auto_delete_exchange(connection)
  channel = connection.create_channel
  exchange = channel.fanout(name("exchange"), auto_delete: true)
  first, second = Array.new(2) { channel.temporary_queue.bind(exchange) }
  first.unbind(exchange)
  assert connection.exchange_exists?(exchange.name)
  second.delete
  assert !connection.exchange_exists?(exchange.name)
end

connect do |connection|
  exclusive(connection)
  auto_delete_queue(connection)
  auto_delete_exchange(connection)
end
