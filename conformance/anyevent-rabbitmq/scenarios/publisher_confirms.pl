use v5.36;
use Support;

my $queue = name('confirms');
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
declare($channel, queue => $queue, durable => 1);
call($channel, 'confirm');
my %persistent = (routing_key => $queue, header => { delivery_mode => 2 });

confirmed($channel, %persistent, body => "single $_") for 1 .. 20;
same(ready($channel, $queue), 20);

my @confirmed;
for my $number (1 .. 500) {
    my $on_ack = sub ($ack) { push @confirmed, $number };
    $channel->publish(%persistent, body => "batch $number", on_ack => $on_ack);
}
eventually(sub { @confirmed == 500 });
same([sort { $a <=> $b } @confirmed], [1 .. 500]);
same(ready($channel, $queue), 520);

confirmed($channel, routing_key => name('nowhere'), body => 'dropped');
same(call($channel, delete_queue => queue => $queue)->method_frame->message_count, 520);
