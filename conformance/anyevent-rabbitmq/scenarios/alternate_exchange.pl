use v5.36;
use Support;

my ($main, $second, $last) = map { name($_) } qw(main second last);
my ($bound, $caught, $rest) = map { name($_) } qw(bound caught rest);
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
declare($channel, queue => $_, exclusive => 1) for $bound, $caught, $rest;

sub declare_with ($alternate, $channel, $exchange, $type) {
    my %arguments = (arguments => { 'alternate-exchange' => $alternate });
    call($channel, declare_exchange => exchange => $exchange, type => $type, %arguments);
}

call($channel, declare_exchange => exchange => $last, type => 'fanout');
declare_with($last, $channel, $second, 'topic');
declare_with($second, $channel, $main, 'direct');
call($channel, bind_queue => queue => $bound, exchange => $main, routing_key => 'bound');
call($channel, bind_queue => queue => $caught, exchange => $second, routing_key => 'caught.*');
call($channel, bind_queue => queue => $rest, exchange => $last);

my %keys = ($bound => 'bound', $caught => 'caught.here', $rest => 'anything');
$channel->publish(exchange => $main, routing_key => $_, body => $_) for values %keys;
for my $queue (keys %keys) {
    my @came = map { [method($_)->exchange, method($_)->routing_key, body($_)] } drain($channel, $queue);
    same(\@came, [[$main, $keys{$queue}, $keys{$queue}]]);
}

my @returned;
my %message = (exchange => $main, routing_key => 'anything', body => 'not returned', mandatory => 1);
call($channel, 'confirm');
confirmed($channel, %message, on_return => sub ($frame) { push @returned, $frame });
same(scalar @returned, 0);
same(bodies(drain($channel, $rest)), ['not returned']);

my $text = "inequivalent arg 'alternate-exchange' for exchange '$main' in vhost '/': received '$last'";
refused($connection, 406, $text, sub ($other) { declare_with($last, $other, $main, 'direct') });
call($channel, delete_exchange => exchange => $_) for $main, $second, $last;
