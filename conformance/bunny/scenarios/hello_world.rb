require "support"

connect do |sender|
  sender.create_channel.queue(name("hello")).publish("Hello World!")
end

connect do |receiver|
  queue = receiver.create_channel.queue(name("hello"))
  assert_equal ["Hello World!"], bodies(receive(queue, 1))
  queue.delete
end
