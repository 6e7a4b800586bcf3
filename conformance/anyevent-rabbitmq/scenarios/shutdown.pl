use v5.36;
use Support;

my $queue = name('durable');
my $closed = AnyEvent->condvar;
my $connection = open_connection(on_close => $closed);
my $channel = call($connection, 'open_channel');
declare($channel, queue => $queue, durable => 1);
call($channel, 'confirm');
my %persistent = (routing_key => $queue, header => { delivery_mode => 2 });
confirmed($channel, %persistent, body => $_) for 1, 2;

control('/broker/stop');

my $why = reason(await($closed));
matches($why, qr/^320 CONNECTION_FORCED/);
control('/broker/start');
$connection = open_connection();
$channel = call($connection, 'open_channel');
same(bodies(receive($channel, $queue, 2)), [1, 2]);
call($channel, delete_queue => queue => $queue);
