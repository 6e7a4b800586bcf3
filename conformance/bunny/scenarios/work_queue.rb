require "support"

# Consumes with prefetch 1 and acknowledges only when told to.
class Worker
  attr_reader :connection, :channel, :tasks

  def initialize
    @connection = connect
    @channel = connection.create_channel
    queue = channel.queue(name("task_queue"), durable: true)
    channel.prefetch(1)
    @tasks = consume(queue, manual_ack: true)
  end
end

connect do |boss|
  queue = boss.create_channel.queue(name("task_queue"), durable: true)

  dropped = Worker.new
  survivor = Worker.new
  publish(queue, "dangerous", persistent: true)
  task = dropped.tasks.next
  assert_equal ["dangerous", false], [task.body, task.redelivered?]
  dropped.connection.close
  held = survivor.tasks.next
  assert_equal ["dangerous", true], [held.body, held.redelivered?]

  other = Worker.new
  4.times { |number| publish(queue, "quick #{number}", persistent: true) }
  4.times do |number|
    task = other.tasks.next
    assert_equal "quick #{number}", task.body
    other.channel.ack(task.tag)
  end

  survivor.channel.ack(held.tag)
  survivor.connection.close
  other.connection.close
  assert_equal 0, queue.message_count
  queue.delete
end
