use v5.36;
use Support;

my $queue = name('task_queue');

# Consumes with prefetch 1 and acknowledges only when told to.
sub start_worker () {
    my $connection = open_connection();
    my $channel = call($connection, 'open_channel');
    declare($channel, queue => $queue, durable => 1);
    call($channel, qos => prefetch_count => 1);
    my $tasks = consume($channel, $queue, no_ack => 0);
    return { connection => $connection, channel => $channel, tasks => $tasks };
}

sub acknowledge ($worker, $task) {
    $worker->{channel}->ack(delivery_tag => method($task)->delivery_tag);
}

my $boss = open_connection();
my $channel = call($boss, 'open_channel');
declare($channel, queue => $queue, durable => 1);
my $assign = sub ($task) {
    $channel->publish(routing_key => $queue, body => $task, header => { delivery_mode => 2 });
};

my ($dropped, $survivor) = (start_worker(), start_worker());
$assign->('dangerous');
my $task = $dropped->{tasks}->next;
same([body($task), method($task)->redelivered], ['dangerous', 0]);
close_connection($dropped->{connection});
my $held = $survivor->{tasks}->next;
same([body($held), method($held)->redelivered], ['dangerous', 1]);

my $other = start_worker();
$assign->("quick $_") for 0 .. 3;
for my $number (0 .. 3) {
    my $quick = $other->{tasks}->next;
    same(body($quick), "quick $number");
    acknowledge($other, $quick);
}

acknowledge($survivor, $held);
close_connection($_->{connection}) for $survivor, $other;
same(ready($channel, $queue), 0);
call($channel, delete_queue => queue => $queue);
