use v5.36;
use Support;

my $reply_to = 'amq.rabbitmq.reply-to';
my $requests = name('requests');

my ($connection, $server) = map { open_connection() } 1, 2;
my ($channel, $serving) = map { call($_, 'open_channel') } $connection, $server;
declare($serving, queue => $requests);

my $replies = consume($channel, $reply_to);
my $header = { reply_to => $reply_to, correlation_id => 7 };
$channel->publish(routing_key => $requests, body => 'question', header => $header);
my ($request) = receive($serving, $requests, 1);
same(body($request), 'question');
my $address = $request->{header}->reply_to;
matches($address, qr/^\Q$reply_to\E\./);
my $found = declare($serving, queue => $address, passive => 1);
same([$found->queue, $found->message_count, $found->consumer_count], [$address, 0, 1]);

$header = { correlation_id => $request->{header}->correlation_id };
$serving->publish(routing_key => $address, body => 'answer', header => $header);
my $reply = $replies->next;
same([body($reply), $reply->{header}->correlation_id], ['answer', 7]);
my $method = method($reply);
same([$method->exchange, $method->routing_key, $method->redelivered], ['', $address, 0]);

my @misuses = (
    ['reply consumer cannot acknowledge', sub ($other) { consume($other, $reply_to, no_ack => 0) }],
    ['reply consumer already set',        sub ($other) { consume($other, $reply_to) for 1, 2 }],
    ['fast reply consumer does not exist',
        sub ($other) { $other->publish(routing_key => $requests, header => { reply_to => $reply_to }) }],
);
refused($connection, 406, @$_) for @misuses;

call($channel, 'close');
refused($server, 404, "no queue '$address'", sub ($other) { ready($other, $address) });
same(bodies(drain($serving, $requests)), []);
call($serving, delete_queue => queue => $requests);
