# One event loop: the publishers take turns, and their confirms come between each other's.
use v5.36;
use Support;

my ($publishers, $messages) = (8, 250);

my $connection = open_connection();
my $channel = call($connection, 'open_channel');
my $queue = name('shared');
declare($channel, queue => $queue, exclusive => 1);
my @channels = map { call($connection, 'open_channel') } 1 .. $publishers;
call($_, 'confirm') for @channels;

my $confirmed = AnyEvent->condvar;
for my $message (1 .. $messages) {
    for my $number (1 .. $publishers) {
        $confirmed->begin;
        $channels[$number - 1]->publish(
            routing_key => $queue,
            body        => "$number $message",
            on_ack      => sub ($ack) { $confirmed->end },
            on_nack     => sub ($nack) { $confirmed->croak("$number $message was nacked") },
        );
    }
}
await($confirmed);

my $received = bodies(receive($channel, $queue, $publishers * $messages));
for my $number (1 .. $publishers) {
    same([grep { /^$number / } @$received], [map { "$number $_" } 1 .. $messages]);
}
