use v5.36;
use Support;

my @keys = qw(
    quick.orange.rabbit lazy.orange.elephant quick.orange.fox lazy.brown.fox lazy.pink.rabbit
    quick.brown.fox orange quick.orange.new.rabbit lazy.orange.new.rabbit lazy
);
my @subscribers = (
    [['*.orange.*'], [qw(quick.orange.rabbit lazy.orange.elephant quick.orange.fox)]],
    [
        ['*.*.rabbit', 'lazy.#'],
        [
            qw(
                quick.orange.rabbit lazy.orange.elephant lazy.brown.fox lazy.pink.rabbit
                lazy.orange.new.rabbit lazy
            )
        ],
    ],
    [['#'], \@keys],
);

my $exchange = name('topic_logs');
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
call($channel, declare_exchange => exchange => $exchange, type => 'topic');
my %expected;
for my $subscriber (@subscribers) {
    my ($patterns, $expected) = @$subscriber;
    my $queue = exclusive($channel);
    $expected{$queue} = $expected;
    for my $pattern (@$patterns) {
        call($channel, bind_queue => queue => $queue, exchange => $exchange, routing_key => $pattern);
    }
}

$channel->publish(exchange => $exchange, routing_key => $_, body => $_) for @keys;

for my $queue (keys %expected) {
    my $expected = $expected{$queue};
    same(bodies(receive($channel, $queue, scalar @$expected)), $expected);
    same(ready($channel, $queue), 0);
}
call($channel, delete_exchange => exchange => $exchange);
