use v5.36;
use Support;

# AnyEvent::RabbitMQ does not recover by itself: who uses it connects and declares again.
my ($queue, $exchange) = (name('durable'), name('exchange'));

sub prepare ($channel) {
    call($channel, declare_exchange => exchange => $exchange, type => 'direct', durable => 1);
    declare($channel, queue => $queue, durable => 1);
    call($channel, bind_queue => queue => $queue, exchange => $exchange, routing_key => 'key');
}

sub send_confirmed ($channel, $text, $mode) {
    my %message = (exchange => $exchange, routing_key => 'key', body => $text);
    confirmed($channel, %message, header => { delivery_mode => $mode });
}

my $closed = AnyEvent->condvar;
my $connection = open_connection(on_close => $closed);
my $channel = call($connection, 'open_channel');
prepare($channel);
call($channel, 'confirm');
send_confirmed($channel, 1, 2);
send_confirmed($channel, 2, 2);
send_confirmed($channel, 'transient', 1);
consume($channel, $queue, no_ack => 0)->take(3);

control('/broker/kill');

await($closed);
control('/broker/start');
$connection = open_connection();
$channel = call($connection, 'open_channel');
call($channel, declare_exchange => exchange => $exchange, passive => 1);
call($channel, 'confirm');
send_confirmed($channel, 3, 2);
prepare($channel);
same(bodies(consume($channel, $queue)->exactly(3)), [1 .. 3]);
call($channel, delete_exchange => exchange => $exchange);
call($channel, delete_queue => queue => $queue);
