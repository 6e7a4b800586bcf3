use v5.36;
use Support;

my $queue = name('polled');
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
declare($channel, queue => $queue);
same(get($channel, $queue), undef);

publish($channel, $queue, qw(one two three));
my $message = get($channel, $queue, no_ack => 1);
my $ok = method($message);
same([body($message), $ok->message_count, $ok->redelivered], ['one', 2, 0]);
same([$ok->exchange, $ok->routing_key], ['', $queue]);
$message = get($channel, $queue);
same([body($message), method($message)->message_count], ['two', 1]);
$channel->ack(delivery_tag => method($message)->delivery_tag);
$message = get($channel, $queue);
same([body($message), method($message)->message_count], ['three', 0]);
same(get($channel, $queue), undef);
call($channel, 'close');

$channel = call($connection, 'open_channel');
$message = get($channel, $queue, no_ack => 1);
same([body($message), method($message)->redelivered], ['three', 1]);
call($channel, delete_queue => queue => $queue);
