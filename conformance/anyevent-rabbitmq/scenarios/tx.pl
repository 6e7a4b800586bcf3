use v5.36;
use Support;

my $queue = name('tx');
my $connection = open_connection();
my $observer = call($connection, 'open_channel');
declare($observer, queue => $queue);
my $channel = call($connection, 'open_channel');
call($channel, 'select_tx');
publish($channel, $queue, 'undone');
call($channel, 'rollback_tx');
same(ready($observer, $queue), 0);

publish($channel, $queue, 'done');
same(ready($observer, $queue), 0);
call($channel, 'commit_tx');
same(ready($observer, $queue), 1);

$channel->ack(delivery_tag => method(get($channel, $queue))->delivery_tag);
call($channel, 'rollback_tx');
call($channel, 'close');
same(ready($observer, $queue), 1);

$channel = call($connection, 'open_channel');
call($channel, 'select_tx');
$channel->ack(delivery_tag => method(get($channel, $queue))->delivery_tag);
call($channel, 'commit_tx');
call($channel, 'close');
same(ready($observer, $queue), 0);
call($observer, delete_queue => queue => $queue);
