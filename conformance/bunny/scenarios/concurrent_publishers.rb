require "support"

PUBLISHERS = 8
MESSAGES = 250

connect do |connection|
  queue = connection.create_channel.queue(name("shared"), exclusive: true)
  threads = Array.new(PUBLISHERS) do |number|
    channel = connection.create_channel
    channel.confirm_select
    Thread.new do
      MESSAGES.times do |message|
        channel.default_exchange.publish("#{number} #{message}", routing_key: queue.name)
      end
      channel.wait_for_confirms
    end
  end
  threads.each { |thread| assert thread.value, "a message was nacked" }

  received = bodies(receive(queue, PUBLISHERS * MESSAGES))
  PUBLISHERS.times do |number|
    mine = received.select { |text| text.start_with?("#{number} ") }
    assert_equal Array.new(MESSAGES) { |message| "#{number} #{message}" }, mine
  end
end
