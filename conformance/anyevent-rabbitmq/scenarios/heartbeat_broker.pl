use v5.36;
use Support;

my %heartbeat = (tune => { heartbeat => 1 });
my $closed = AnyEvent->condvar;
my $connection = open_connection(%heartbeat, on_close => $closed, on_read_failure => sub { });
pause(3);
check($connection->is_open, 'the broker sent no heartbeats');

control('/broker/freeze');
same(reason(await($closed)), 'Heartbeat lost');
control('/broker/thaw');
check(open_connection(%heartbeat)->is_open);
