use v5.36;
use Support;

# AnyEvent::RabbitMQ has no nack: reject does it all.
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
my $queue = exclusive($channel);
publish($channel, $queue, 0 .. 4);

my @tags = map { method(get($channel, $queue))->delivery_tag } 0 .. 4;
$channel->reject(delivery_tag => $tags[$_], requeue => 1) for 3, 1;
$channel->reject(delivery_tag => $tags[4]);
my @again = map { get($channel, $queue) } 1, 2;
same([map { [body($_), method($_)->redelivered] } @again], [[1, 1], [3, 1]]);

my @held = (@tags[0, 2], map { method($_)->delivery_tag } @again);
$channel->reject(delivery_tag => $_, requeue => 1) for @held;
my @came = receive($channel, $queue, 4);
same([map { [body($_), method($_)->redelivered] } @came], [map { [$_, 1] } 0 .. 3]);

publish($channel, $queue, 'unwanted');
$channel->reject(delivery_tag => method(get($channel, $queue))->delivery_tag);
same(get($channel, $queue), undef);
