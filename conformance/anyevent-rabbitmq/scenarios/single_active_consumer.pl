use v5.36;
use Support;

my $queue = name('single');
my ($connection, $other) = map { open_connection() } 1, 2;
my ($channel, $active, $next, $last) =
    map { call($_, 'open_channel') } $connection, $connection, $connection, $other;
my $single = { 'x-single-active-consumer' => Net::AMQP::Value::true };
declare($channel, queue => $queue, auto_delete => 1, arguments => $single);
call($active, qos => prefetch_count => 2);
my ($at_active, $at_next, $at_last) = map { consume($_, $queue, no_ack => 0) } $active, $next, $last;
publish($channel, $queue, 1, 2);
my @held = $at_active->take(2);
same(bodies(@held), [1, 2]);
$at_next->exactly(0);

call($active, cancel => consumer_tag => $at_active->{tag});
publish($channel, $queue, 3);
same(bodies($at_next->exactly(1)), [3]);
$active->reject(delivery_tag => method($held[1])->delivery_tag, requeue => 1);
my $again = $at_next->next;
same([body($again), method($again)->redelivered], [2, 1]);
$active->ack(delivery_tag => method($held[0])->delivery_tag);

$at_last->exactly(0);
call($next, 'close');
my @again = $at_last->take(2);
same([map { [body($_), method($_)->redelivered] } @again], [[2, 1], [3, 1]]);
$last->ack(delivery_tag => method($again[1])->delivery_tag, multiple => 1);
publish($channel, $queue, 4);
same(bodies($at_last->exactly(1)), [4]);

my $type = '{unacceptable_type,longstr}';
refuse_argument($connection, 'x-single-active-consumer', ['true', $type]);
