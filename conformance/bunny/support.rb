# What every bunny scenario needs: the broker's address and names of its own.

require "bunny"
require "net/http"
require "timeout"

# Seconds after which something that should have come counts as missing.
PATIENCE = 10

# Seconds of silence after which nothing more is expected.
QUIET = 0.3

Delivery = Struct.new(:info, :properties, :body) do
  def tag = info.delivery_tag
  def redelivered? = info.redelivered
end

# The deliveries of a consumer, or of several, to be waited for.
class Deliveries
  attr_reader :consumer

  def initialize
    @arrived = Thread::Queue.new
  end

  # Starts a consumer; `options` are those of `Bunny::Queue#subscribe`.
  def subscribe(queue, options)
    @consumer = queue.subscribe(options) { |*delivery| @arrived << Delivery.new(*delivery) }
    self
  end

  def next = await(@arrived)
  def take(count) = Array.new(count) { self.next }

  # Takes this many and sees that no more follow.
  def exactly(count)
    taken = take(count)
    sleep QUIET
    assert_equal 0, @arrived.size
    taken
  end
end

# Gathers, as `session_error_handler`, what bunny else raises in the thread that connected.
class Failures < Thread::Queue
  def raise(error) = push(error)
end

# A connection, closed at the end of the block if there is one.
def connect(**options)
  connection = Bunny.new(ENV.fetch("AMQP_URI"), options).start
  return connection unless block_given?

  begin
    yield connection
  ensure
    connection.close
  end
end

# A queue or exchange name that no other scenario uses.
def name(suffix) = "#{ENV.fetch('CONFORMANCE_PREFIX')}.#{suffix}"

def assert(condition, otherwise = "what should hold does not")
  raise otherwise unless condition
end

def assert_equal(expected, actual)
  assert expected == actual, "#{actual.inspect} came instead of #{expected.inspect}"
end

# The next that a Thread::Queue has.
def await(queue)
  Timeout.timeout(PATIENCE, nil, "nothing came") { queue.pop }
end

# Waits until the block is true, which it is asked anew after this many seconds.
def eventually(interval = 0.02)
  deadline = Time.now + PATIENCE
  until yield
    assert Time.now < deadline, "what was waited for did not happen"
    sleep interval
  end
end

# Publishes to a queue, or to an exchange with a `routing_key`.
def publish(target, *bodies, **properties)
  bodies.each { |body| target.publish(body, properties.dup) }
end

# A channel for `confirmed`.
def confirming(connection) = connection.create_channel.tap(&:confirm_select)

# Publishes likewise and waits until the broker has confirmed it all.
def confirmed(target, *bodies, **properties)
  publish(target, *bodies, **properties)
  assert target.channel.wait_for_confirms, "a message was nacked"
end

def consume(queue, **options) = Deliveries.new.subscribe(queue, options)

# The next `count` messages of a queue.
def receive(queue, count)
  deliveries = consume(queue)
  taken = deliveries.take(count)
  deliveries.consumer.cancel
  taken
end

def bodies(deliveries) = deliveries.map(&:body)

# A message by basic.get, to be acknowledged; nil when there is none.
def get(queue)
  delivery = Delivery.new(*queue.pop(manual_ack: true))
  delivery if delivery.info
end

# All that is ready in a queue, by basic.get.
def drain(queue)
  drained = []
  while (delivery = Delivery.new(*queue.pop)).info
    drained << delivery
  end
  drained
end

# Has the block, with a channel of its own, end in a channel exception with this text in it.
def refused(connection, error, text)
  channel = connection.create_channel
  begin
    yield channel
    channel.temporary_queue
  rescue error => refusal
    return assert(refusal.message.include?(text), refusal.message)
  end
  raise "not refused with #{error} #{text}"
end

# Has the publish of such a message end in a channel exception with this text in it. Nothing
# answers a publish: bunny tells of the exception when the closed channel is used again.
def refused_publish(connection, text, **message)
  channel = connection.create_channel
  channel.default_exchange.publish("refused", message)
  eventually do
    channel.prefetch(1) if channel.closed?
  rescue Bunny::ChannelAlreadyClosed => refusal
    refusal.message.include?(text)
  end
end

# Sees that queues with these values of an argument are refused for the reasons given.
def refuse_argument(connection, argument, reasons)
  queue = name("refused")
  text = "PRECONDITION_FAILED - invalid arg '#{argument}' for queue '#{queue}' in vhost '/': "
  reasons.each do |value, reason|
    refused(connection, Bunny::PreconditionFailed, text + reason) do |channel|
      channel.queue(queue, arguments: { argument => value })
    end
  end
end

# Has the harness do something to the broker, or to this process (harness/control.py).
def control(path)
  answer = Net::HTTP.get_response(URI(ENV.fetch("CONFORMANCE_CONTROL") + path))
  assert answer.is_a?(Net::HTTPOK), answer.body
end
