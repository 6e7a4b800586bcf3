require "support"

connect do |publisher|
  connect do |consumer|
    told = Thread::Queue.new
    publisher.on_blocked { |blocked| told << blocked.reason }
    publisher.on_unblocked { told << "unblocked" }
    queue = consumer.create_channel.queue(name("watched"), auto_delete: true)
    outgoing = publisher.create_channel.queue(queue.name, auto_delete: true)
    deliveries = consume(queue)
    publish(outgoing, "before")
    assert_equal "before", deliveries.next.body

    control("/broker/block")
    publish(outgoing, "meanwhile")
    assert_equal "low on memory", await(told)
    assert publisher.blocked?
    deliveries.exactly(0)
    assert_equal 1, queue.consumer_count

    control("/broker/unblock")
    assert_equal "unblocked", await(told)
    assert_equal "meanwhile", deliveries.next.body
  end
end
