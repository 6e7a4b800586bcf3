use v5.36;
use Support;

my $connection = open_connection();
my $channel = call($connection, 'open_channel');
my $queue = exclusive($channel);
publish($channel, $queue, 1 .. 3);
my $deliveries = consume($channel, $queue, no_ack => 0);
my @first = $deliveries->take(3);
same([map { method($_)->redelivered } @first], [0, 0, 0]);
$channel->ack(delivery_tag => method($first[1])->delivery_tag);

call($channel, recover => requeue => 1);

my @again = $deliveries->take(2);
same([map { [body($_), method($_)->redelivered] } @again], [[1, 1], [3, 1]]);
$channel->ack(delivery_tag => method($again[1])->delivery_tag, multiple => 1);
call($channel, 'close');
same(ready(call($connection, 'open_channel'), $queue), 0);
