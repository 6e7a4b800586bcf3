use v5.36;
use Support;

my $queue = name('held');
my $closed = AnyEvent->condvar;
my %options = (tune => { heartbeat => 1 }, on_close => $closed, on_read_failure => sub { });
my $connection = open_connection(%options);
my $channel = call($connection, 'open_channel');
declare($channel, queue => $queue);
publish($channel, $queue, 'held');
same(body(consume($channel, $queue, no_ack => 0)->next), 'held');

control('/client/freeze?seconds=5');

my $other = open_connection();
$channel = call($other, 'open_channel');
my $held = get($channel, $queue);
same([body($held), method($held)->redelivered], ['held', 1]);
await($closed);
check(!$connection->is_open);
call($channel, delete_queue => queue => $queue);
