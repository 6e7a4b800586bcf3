use v5.36;
use Support;

my $exchange = name('keys');
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
call($channel, declare_exchange => exchange => $exchange, type => 'direct', auto_delete => 1);
my @queues = map { name($_) } qw(a b c);
for my $number (0 .. 2) {
    declare($channel, queue => $queues[$number], exclusive => 1);
    my %binding = (exchange => $exchange, routing_key => (qw(a b c))[$number]);
    call($channel, bind_queue => queue => $queues[$number], %binding);
}

# What comes to each queue of a message with these keys; no copy may show BCC.
sub copies ($text, $headers, %to) {
    $channel->publish(%to, body => $text, header => { headers => $headers });
    my @found = map { [drain($channel, $_)] } @queues;
    for my $copy (map { @$_ } @found) {
        my %expected = %$headers;
        delete $expected{BCC};
        same($copy->{header}->headers, \%expected);
    }
    return @found;
}

my %by_a = (exchange => $exchange, routing_key => 'a');
for my $messages (copies('to all', { CC => ['b', 'a'], BCC => ['c'] }, %by_a)) {
    same([map { [body($_), method($_)->routing_key] } @$messages], [['to all', 'a']]);
}

my %nowhere = (exchange => $exchange, routing_key => 'nowhere');
same([map { bodies(@$_) } copies('a copy', { CC => ['c'] }, %nowhere)], [[], [], ['a copy']]);

my $headers = { CC => [$queues[1], name('nowhere')], BCC => [$queues[2]] };
same([map { bodies(@$_) } copies('by default', $headers, routing_key => $queues[0])], [(['by default']) x 3]);

for my $header (qw(CC BCC)) {
    my $text = qq(invalid message: {unacceptable_type_in_header,"$header",longstr});
    my $wrong = { headers => { $header => 'b' } };
    refused($connection, 406, $text, sub ($other) { $other->publish(%by_a, header => $wrong) });
}
