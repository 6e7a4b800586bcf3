use v5.36;
use Support;

my $connection = open_connection();
my $channel = call($connection, 'open_channel');
my ($queue, $exchange) = (name('queue'), name('exchange'));

same(declare($channel, queue => $queue, durable => 1)->message_count, 0);
call($channel, 'confirm');
confirmed($channel, routing_key => $queue, body => 'kept');
my $again = declare($channel, queue => $queue, durable => 1);
same([$again->queue, $again->message_count, $again->consumer_count], [$queue, 1, 0]);
same(ready($channel, $queue), 1);
my $inequivalent = "PRECONDITION_FAILED - inequivalent arg '%s' for %s in vhost '/'";
my $text = sprintf $inequivalent, 'durable', "queue '$queue'";
refused($connection, 406, $text, sub ($other) { declare($other, queue => $queue) });
$text = sprintf $inequivalent, 'x-max-length', "queue '$queue'";
my %limited = (queue => $queue, durable => 1, arguments => { 'x-max-length' => 5 });
refused($connection, 406, $text, sub ($other) { declare($other, %limited) });

my %durable = (exchange => $exchange, durable => 1);
call($channel, declare_exchange => %durable, type => 'topic') for 1, 2;
my $find = sub ($other) { call($other, declare_exchange => exchange => $exchange, passive => 1) };
$find->($channel);
$text = sprintf $inequivalent, 'type', "exchange '$exchange'";
my $fanout = sub ($other) { call($other, declare_exchange => %durable, type => 'fanout') };
refused($connection, 406, $text, $fanout);
$text = "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'";
my $reserved = sub ($other) { call($other, declare_exchange => exchange => 'amq.mine') };
refused($connection, 403, $text, $reserved);

my ($first, $second) = (exclusive($channel), exclusive($channel));
check($first =~ /^amq\.gen-/ && $first ne $second);

call($channel, delete_exchange => exchange => $exchange);
same(call($channel, delete_queue => queue => $queue)->method_frame->message_count, 1);
$text = "NOT_FOUND - no queue '$queue' in vhost '/'";
refused($connection, 404, $text, sub ($other) { ready($other, $queue) });
refused($connection, 404, "NOT_FOUND - no exchange '$exchange' in vhost '/'", $find);
same(call($channel, delete_queue => queue => $queue)->method_frame->message_count, 0);
