use v5.36;
use Support;

use Encode qw(encode);
use Net::AMQP::Value;

# Net::AMQP sends strings as octets, and tells a number from a string when it is told.
my %headers = (
    text   => encode('UTF-8', "gr\x{fc}\x{df}e"),
    octets => "\x00\xff",
    digits => '007',
    list   => ['one', 2, [-3, 'four'], { k => 'v' }],
    table  => { inner => { deep => 1 }, empty => {} },
);
my %typed = (
    true  => [Net::AMQP::Value::true,                          1],
    false => [Net::AMQP::Value::false,                         0],
    int   => [Net::AMQP::Value::Integer->new(-70_000),         -70_000],
    time  => [Net::AMQP::Value::Timestamp->new(1_700_000_000), 1_700_000_000],
);
my %properties = (
    content_type     => 'application/json',
    content_encoding => 'gzip',
    delivery_mode    => 2,
    priority         => 5,
    correlation_id   => 'c-1',
    reply_to         => 'somewhere',
    expiration       => '60000',
    message_id       => 'm-1',
    timestamp        => 1_700_000_000,
    type             => 'kind',
    user_id          => 'guest',
    app_id           => 'conformance',
);

# The library fills in what a message does not say, unless it is told that there is nothing.
my %nothing = map { ($_ => undef) } qw(content_type delivery_mode priority timestamp user_id);

my $connection = open_connection();
my $channel = call($connection, 'open_channel');
my $queue = exclusive($channel);
my %sent = (%headers, map { ($_ => $typed{$_}[0]) } keys %typed);
$channel->publish(routing_key => $queue, body => 'all', header => { %properties, headers => \%sent });
$channel->publish(routing_key => $queue, body => 'empty', header => \%nothing);

my ($every, $empty) = map { +{ %{ $_->{header} } } } receive($channel, $queue, 2);
same(delete $every->{headers}, { %headers, map { ($_ => $typed{$_}[1]) } keys %typed });
same($every, \%properties);
same($empty, { headers => {} });
