require "support"

connect do |connection|
  channel = confirming(connection)
  ring = channel.queue(name("ring"), exclusive: true, arguments: { "x-max-length" => 3 })
  confirmed(ring, *"0".."9")
  assert_equal %w[7 8 9], bodies(drain(ring))

  limits = { "x-max-length" => 2, "x-overflow" => "reject-publish" }
  full = channel.queue(name("full"), exclusive: true, arguments: limits)
  outcomes = ("0".."4").map do |text|
    publish(full, text)
    channel.wait_for_confirms
  end
  assert_equal [true, true, false, false, false], outcomes
  assert_equal 3, channel.nacked_set.size
  assert_equal %w[0 1], bodies(drain(full))
  confirmed(full, "there is room again")
  assert_equal ["there is room again"], bodies(drain(full))
end
