use v5.36;
use Support;

sub prepare ($connection) {
    my $channel = call($connection, 'open_channel');
    my $queue = exclusive($channel);
    publish($channel, $queue, 0 .. 9);
    return ($channel, $queue);
}

my $connection = open_connection();
my ($channel, $queue) = prepare($connection);
call($channel, qos => prefetch_count => 2);
my $deliveries = consume($channel, $queue, no_ack => 0);
my @taken = $deliveries->exactly(2);
$channel->ack(delivery_tag => method($taken[0])->delivery_tag);
@taken = $deliveries->exactly(1);
$channel->ack(delivery_tag => method($taken[0])->delivery_tag, multiple => 1);
$deliveries->exactly(2);
$deliveries->subscribe($channel, $queue, no_ack => 0);
$deliveries->exactly(2);
call($channel, 'close');

($channel, $queue) = prepare($connection);
call($channel, qos => prefetch_count => 3, global => 1);
$deliveries = consume($channel, $queue, no_ack => 0);
$deliveries->subscribe($channel, $queue, no_ack => 0);
@taken = $deliveries->exactly(3);
$channel->ack(delivery_tag => method($taken[2])->delivery_tag, multiple => 1);
$deliveries->exactly(3);
