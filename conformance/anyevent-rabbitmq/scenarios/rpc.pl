use v5.36;
use Support;

my $queue = name('rpc_queue');
my $calls = 5;

sub fib ($n) {
    return $n < 2 ? $n : fib($n - 1) + fib($n - 2);
}

sub serve ($channel) {
    declare($channel, queue => $queue);
    call($channel, qos => prefetch_count => 1);
    my $answer = sub ($request) {
        my $header = $request->{header};
        $channel->publish(
            routing_key => $header->reply_to,
            header      => { correlation_id => $header->correlation_id },
            body        => fib(body($request)),
        );
        $channel->ack(delivery_tag => method($request)->delivery_tag);
    };
    call($channel, consume => queue => $queue, no_ack => 0, on_consume => $answer);
}

my $server = open_connection();
serve(call($server, 'open_channel'));

my $client = open_connection();
my $channel = call($client, 'open_channel');
my $callback = exclusive($channel);
my %calls = map { ("call-$_" => $_) } 10 .. 9 + $calls;
for my $id (keys %calls) {
    my $header = { reply_to => $callback, correlation_id => $id };
    $channel->publish(routing_key => $queue, header => $header, body => $calls{$id});
}
for my $reply (receive($channel, $callback, $calls)) {
    same(body($reply), fib(delete $calls{ $reply->{header}->correlation_id }));
}
same(\%calls, {});
call($channel, delete_queue => queue => $queue);
