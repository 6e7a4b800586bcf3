require "support"

attempts = Thread::Queue.new
recovered = Thread::Queue.new
options = {
  heartbeat: 1,
  network_recovery_interval: 0.2,
  recovery_attempt_started: -> { attempts << Time.now },
  recovery_completed: -> { recovered << Time.now }
}

connect(**options) do |connection|
  sleep 3
  assert attempts.empty? && connection.open?, "the broker sent no heartbeats"

  control("/broker/freeze")
  await(attempts)
  control("/broker/thaw")
  await(recovered)
  assert connection.create_channel.open?
end
