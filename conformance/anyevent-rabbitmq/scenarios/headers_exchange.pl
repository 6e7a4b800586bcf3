use v5.36;
use Support;

# AnyEvent::RabbitMQ sends a message's headers as strings.
my $exchange = name('headers');
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
call($channel, 'confirm');
call($channel, declare_exchange => exchange => $exchange, type => 'headers', auto_delete => 1);
my %binding = (exchange => $exchange, routing_key => 'ignored');
my %queues;
for my $match (qw(all any)) {
    my $wanted = { 'x-match' => $match, format => 'pdf', pages => Net::AMQP::Value::String->new(2) };
    $queues{$match} = exclusive($channel);
    call($channel, bind_queue => queue => $queues{$match}, %binding, arguments => $wanted);
}

my @messages = (
    [both => { format => 'pdf', pages => 2, x => 1 }],
    [one  => { format => 'pdf', pages => 3 }],
    [none => { format => 'PDF' }],
    [bare => {}],
);
for my $message (@messages) {
    my ($text, $headers) = @$message;
    confirmed($channel, exchange => $exchange, body => $text, header => { headers => $headers });
}

same(bodies(receive($channel, $queues{all}, 1)), ['both']);
same(bodies(receive($channel, $queues{any}, 2)), ['both', 'one']);
same(ready($channel, $_), 0) for values %queues;

my %wrong = (queue => $queues{all}, %binding, arguments => { 'x-match' => 'some' });
refused($connection, 406, 'Invalid x-match field value', sub ($other) { call($other, bind_queue => %wrong) });
