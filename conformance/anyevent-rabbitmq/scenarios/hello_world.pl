use v5.36;
use Support;

my $queue = name('hello');

my $sender = open_connection();
my $channel = call($sender, 'open_channel');
declare($channel, queue => $queue);
publish($channel, $queue, 'Hello World!');
close_connection($sender);

my $receiver = open_connection();
$channel = call($receiver, 'open_channel');
declare($channel, queue => $queue);
same(bodies(receive($channel, $queue, 1)), ['Hello World!']);
call($channel, delete_queue => queue => $queue);
close_connection($receiver);
