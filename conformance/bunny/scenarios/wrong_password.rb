require "support"

begin
  connect(password: "wrong")
  raise "a wrong password was accepted"
rescue Bunny::AuthenticationFailureError => refused
  assert_equal "guest", refused.username
end
