use v5.36;
use Support;

# AnyEvent::RabbitMQ does not hand out the body that comes back.
my $nowhere = name('nowhere');
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
call($channel, 'confirm');

my @returned;
confirmed(
    $channel,
    routing_key => $nowhere,
    mandatory   => 1,
    body        => 'come back',
    on_return   => sub ($frame) { push @returned, $frame->method_frame },
);

same(scalar @returned, 1);
my ($return) = @returned;
same([$return->reply_code, $return->reply_text], [312, 'NO_ROUTE']);
same([$return->exchange, $return->routing_key], ['', $nowhere]);
