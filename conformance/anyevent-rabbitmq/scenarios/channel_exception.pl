use v5.36;
use Support;

my $connection = open_connection();
my $bystander = call($connection, 'open_channel');
my $queue = exclusive($bystander);
my $missing = name('missing');

my $closed = AnyEvent->condvar;
my $channel = call($connection, open_channel => on_close => $closed);
check(!eval { ready($channel, $missing); 1 }, 'a missing queue was declared passively');
same(reason(await($closed)), "404 NOT_FOUND - no queue '$missing' in vhost '/'");
check(!$channel->is_open);

$closed = AnyEvent->condvar;
$channel = call($connection, open_channel => on_close => $closed);
$channel->publish(exchange => $missing, routing_key => '', body => 'lost');
same(reason(await($closed)), "404 NOT_FOUND - no exchange '$missing' in vhost '/'");

check($connection->is_open);
publish($bystander, $queue, 'still here');
same(bodies(receive($bystander, $queue, 1)), ['still here']);
check(call($connection, 'open_channel')->is_open);
