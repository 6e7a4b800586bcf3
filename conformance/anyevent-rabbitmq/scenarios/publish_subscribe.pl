use v5.36;
use Support;

my $exchange = name('logs');

sub subscribe ($connection) {
    my $channel = call($connection, 'open_channel');
    call($channel, declare_exchange => exchange => $exchange, type => 'fanout');
    my $queue = exclusive($channel);
    matches($queue, qr/^amq\.gen-/);
    call($channel, bind_queue => queue => $queue, exchange => $exchange, routing_key => '');
    return [$channel, $queue];
}

my $publisher = open_connection();
my $channel = call($publisher, 'open_channel');
call($channel, declare_exchange => exchange => $exchange, type => 'fanout');
$channel->publish(exchange => $exchange, routing_key => '', body => 'nobody listens');

my @connections = (open_connection(), open_connection());
my @subscriptions = map { subscribe($_) } @connections;
$channel->publish(exchange => $exchange, routing_key => 'ignored', body => "info: $_") for qw(one two);
same(bodies(receive(@$_, 2)), ['info: one', 'info: two']) for @subscriptions;

my $queue = $subscriptions[0][1];
refused($publisher, 405, $queue, sub ($other) { ready($other, $queue) });
close_connection($_) for @connections;
refused($publisher, 404, $queue, sub ($other) { ready($other, $queue) });
call($channel, delete_exchange => exchange => $exchange);
