require "support"

SIZES = [0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000].freeze

connect do |connection|
  queue = connection.create_channel.temporary_queue
  sent = SIZES.map { |size| Random.bytes(size) }
  publish(queue, *sent)
  sent.zip(receive(queue, sent.size)) do |body, came|
    assert body == came.body.b, "a body of #{body.size} octets came as #{came.body.bytesize} octets"
  end
end
