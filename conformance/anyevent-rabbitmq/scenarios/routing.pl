use v5.36;
use Support;

my $exchange = name('direct_logs');
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
call($channel, declare_exchange => exchange => $exchange, type => 'direct');
my ($errors, $everything) = (exclusive($channel), exclusive($channel));
my %bindings = ($errors => ['error'], $everything => [qw(info warning error)]);
for my $queue (keys %bindings) {
    for my $severity (@{ $bindings{$queue} }) {
        call($channel, bind_queue => queue => $queue, exchange => $exchange, routing_key => $severity);
    }
}

for my $severity (qw(info error debug warning)) {
    $channel->publish(exchange => $exchange, routing_key => $severity, body => $severity);
}

same(bodies(receive($channel, $errors, 1)), ['error']);
same(bodies(receive($channel, $everything, 3)), [qw(info error warning)]);
same(ready($channel, $_), 0) for $errors, $everything;
call($channel, delete_exchange => exchange => $exchange);
