use v5.36;
use Support;

my ($ring, $full) = map { name($_) } qw(ring full);
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
declare($channel, queue => $ring, exclusive => 1, arguments => { 'x-max-length' => 3 });
publish($channel, $ring, 0 .. 9);
same(bodies(receive($channel, $ring, 3)), [7 .. 9]);

my $limits = { 'x-max-length' => 2, 'x-overflow' => 'reject-publish' };
declare($channel, queue => $full, exclusive => 1, arguments => $limits);
call($channel, 'confirm');
my @outcomes;
for my $number (0 .. 4) {
    my $settled = AnyEvent->condvar;
    my %callbacks = map { my $how = $_; ("on_$how" => sub ($frame) { $settled->send($how) }) } qw(ack nack);
    $channel->publish(routing_key => $full, body => $number, %callbacks);
    push @outcomes, await($settled);
}
same(\@outcomes, [qw(ack ack nack nack nack)]);
same(bodies(receive($channel, $full, 2)), [0, 1]);
confirmed($channel, routing_key => $full, body => 'there is room again');
