use v5.36;
use Support;

my $connection = open_connection();
my $channel = call($connection, 'open_channel');
my $queue = exclusive($channel);
call($channel, qos => prefetch_count => 1);
my ($low, $high) =
    map { consume($channel, $queue, no_ack => 0, arguments => { 'x-priority' => $_ }) } -1, 10;
publish($channel, $queue, 1 .. 3);
same(bodies($low->exactly(1)), [2]);
my @taken = $high->exactly(1);
same(bodies(@taken), [1]);
$channel->ack(delivery_tag => method($taken[0])->delivery_tag);
same(bodies($high->exactly(1)), [3]);
$low->exactly(0);

$queue = name('single');
my ($first, $second) = map { call($connection, 'open_channel') } 1, 2;
my $single = { 'x-single-active-consumer' => Net::AMQP::Value::true };
declare($first, queue => $queue, exclusive => 1, arguments => $single);
my ($active, $waiting) = map { consume($_, $queue, no_ack => 0) } $first, $second;
publish($first, $queue, 1, 2);
$active->exactly(2);
$waiting->exactly(0);
call($first, 'close');
same([map { [body($_), method($_)->redelivered] } $waiting->exactly(2)], [[1, 1], [2, 1]]);
refused($connection, 403, 'ACCESS_REFUSED', sub ($third) { consume($third, $queue, exclusive => 1) });
