use v5.36;
use Support;

check(!eval { open_connection(vhost => 'no such host') }, 'a virtual host that does not exist was opened');
matches($@, qr/^530 NOT_ALLOWED - .*vhost no such host not found/);
