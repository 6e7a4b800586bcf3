require "support"

begin
  connect(vhost: "no such host")
  raise "a virtual host that does not exist was opened"
rescue Bunny::NotAllowedError => refused
  assert_equal 530, refused.connection_close.reply_code
  assert refused.message.include?("vhost no such host not found"), refused.message
end
