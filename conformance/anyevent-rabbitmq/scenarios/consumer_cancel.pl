use v5.36;
use Support;

my $queue = name('doomed');
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
declare($channel, queue => $queue);
my $cancelled = AnyEvent->condvar;
my $deliveries = consume($channel, $queue, on_cancel => $cancelled);
publish($channel, $queue, 'before');
same(body($deliveries->next), 'before');

call(call($connection, 'open_channel'), delete_queue => queue => $queue);

same(await($cancelled)->method_frame->consumer_tag, $deliveries->{tag});
check($channel->is_open);
$queue = exclusive($channel);
publish($channel, $queue, 'after');
same(bodies(receive($channel, $queue, 1)), ['after']);
