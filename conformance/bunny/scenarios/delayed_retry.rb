require "support"

LEAST = 0.15
LIMIT = 2

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

connect do |connection|
  channel = confirming(connection)
  channel.prefetch(1)
  dead = channel.queue(name("dead"), exclusive: true)
  arguments = {
    "x-queue-type" => "quorum",
    "x-delayed-retry-type" => "failed",
    "x-delayed-retry-min" => (LEAST * 1000).to_i,
    "x-delayed-retry-max" => (10 * LEAST * 1000).to_i,
    "x-delivery-limit" => LIMIT,
    "x-dead-letter-exchange" => "",
    "x-dead-letter-routing-key" => dead.name
  }
  queue = channel.queue(name("retried"), durable: true, arguments: arguments)
  confirmed(queue, "try", "other")
  jobs = consume(queue, manual_ack: true)
  rejected = 0
  (0..LIMIT).each do |attempt|
    job = jobs.next
    assert now - rejected >= LEAST * attempt, "it came too early"
    count = (job.properties.headers || {}).fetch("x-delivery-count", 0)
    assert_equal ["try", attempt], [job.body, count]
    rejected = now
    channel.reject(job.tag, true)
    next unless attempt.zero?

    other = jobs.next
    assert_equal "other", other.body
    channel.ack(other.tag)
  end
  assert_equal %w[try], bodies(receive(dead, 1))
  queue.delete
end
