use v5.36;
use Support;

my $expires = 0.8;

my $connection = open_connection();
my $channel = call($connection, 'open_channel');
my ($idle, $used, $dead) = map { name($_) } qw(idle used dead);

# Messages and consumers of a queue, undef when there is no such queue.
sub counts ($queue) {
    my $closed = AnyEvent->condvar;
    my $other = call($connection, open_channel => on_close => $closed);
    if (my $found = eval { declare($other, queue => $queue, passive => 1) }) {
        call($other, 'close');
        return [$found->message_count, $found->consumer_count];
    }
    same(reason(await($closed)), "404 NOT_FOUND - no queue '$queue' in vhost '/'");
    return undef;
}

# Waits until a queue is gone; to look is to use it, so this looks seldom.
sub await_end ($queue) {
    my $deadline = AnyEvent->time + PATIENCE;
    while (counts($queue)) {
        check(AnyEvent->time < $deadline, "$queue is still there");
        pause(1.25 * $expires);
    }
}

my %expiring = (
    durable   => 1,
    arguments => {
        'x-expires'                 => $expires * 1000,
        'x-dead-letter-exchange'    => '',
        'x-dead-letter-routing-key' => $dead,
    },
);
declare($channel, queue => $dead, exclusive => 1);
declare($channel, queue => $used, %expiring);
my $consumer = consume($channel, $used);
declare($channel, queue => $idle, %expiring);
call($channel, 'confirm');
confirmed($channel, routing_key => $idle, body => 'goes with its queue');
await_end($idle);
same(bodies(drain($channel, $dead)), []);
same(counts($used), [0, 1]);
call($channel, cancel => consumer_tag => $consumer->{tag});
await_end($used);

refuse_argument($connection, 'x-expires', [0, '{value_zero,0}'], [-1, '{value_negative,-1}']);
