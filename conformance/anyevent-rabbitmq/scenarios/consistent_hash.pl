use v5.36;
use Support;

my %kinds = (
    key      => {},
    header   => { 'hash-header' => 'customer' },
    property => { 'hash-property' => 'correlation_id' },
);
my ($customers, $each) = (40, 2);

my $connection = open_connection();
my $channel = call($connection, 'open_channel');

sub declare_hash ($channel, $kind, $arguments) {
    my %exchange = (exchange => name($kind), type => 'x-consistent-hash', auto_delete => 1);
    call($channel, declare_exchange => %exchange, arguments => $arguments);
    return name($kind);
}

for my $kind (keys %kinds) {
    my $exchange = declare_hash($channel, $kind, $kinds{$kind});
    my @queues = map { exclusive($channel) } 1 .. 3;
    for my $number (0 .. 2) {
        my %binding = (exchange => $exchange, routing_key => (10, 20, 10)[$number]);
        call($channel, bind_queue => queue => $queues[$number], %binding);
    }
    for my $customer ((1 .. $customers) x $each) {
        $channel->publish(
            exchange    => $exchange,
            routing_key => $kind eq 'key' ? $customer : 'same',
            header      => { headers => { customer => $customer }, correlation_id => $customer },
            body        => $customer,
        );
    }
    my @shares = map { bodies(drain($channel, $_)) } @queues;
    check(@$_ > 0, 'a queue got nothing') for @shares;
    my @all = sort { $a <=> $b } map { @$_ } @shares;
    same(\@all, [map { ($_) x $each } 1 .. $customers]);
    my $distinct = 0;
    for my $share (@shares) {
        my %customers = map { ($_ => 1) } @$share;
        $distinct += keys %customers;
    }
    same($distinct, $customers);
}

my $exchange = declare_hash($channel, 'wrong', {});
my $queue = exclusive($channel);
my %weights = (0 => 'must be greater than 0', x => 'must be an integer');
for my $weight (keys %weights) {
    my %binding = (queue => $queue, exchange => $exchange, routing_key => $weight);
    my $bind = sub ($other) { call($other, bind_queue => %binding) };
    refused($connection, 406, "The binding key $weights{$weight}", $bind);
}
my $both = { 'hash-header' => 'a', 'hash-property' => 'message_id' };
my $text = 'hash-header and hash-property are mutually exclusive';
refused($connection, 406, $text, sub ($other) { declare_hash($other, 'both', $both) });
call($channel, delete_exchange => exchange => $exchange);
