use v5.36;
use Support;

# Whether what `$declare` declares passively is there.
sub is_there ($connection, $declare) {
    my $why;
    my $channel = call($connection, open_channel => on_close => sub ($frame) { $why = reason($frame) });
    if (eval { $declare->($channel); 1 }) {
        call($channel, 'close');
        return 1;
    }
    matches($why, qr/^404 /);
    return 0;
}

sub has_queue ($connection, $queue) {
    return is_there($connection, sub ($channel) { ready($channel, $queue) });
}

sub exclusive_queue ($other) {
    my $queue = name('exclusive');
    my $owner = open_connection();
    declare(call($owner, 'open_channel'), queue => $queue, exclusive => 1);
    my $text = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '$queue' in vhost '/'";
    refused($other, 405, $text, sub ($channel) { ready($channel, $queue) });
    refused($other, 405, $text, sub ($channel) { consume($channel, $queue) });
    refused($other, 405, $text, sub ($channel) { call($channel, delete_queue => queue => $queue) });
    close_connection($owner);
    eventually(sub { !has_queue($other, $queue) });
}

sub auto_delete_queue ($connection) {
    my $queue = name('auto-delete');
    my $channel = call($connection, 'open_channel');
    declare($channel, queue => $queue, auto_delete => 1);
    my ($first, $second) = map { consume($channel, $queue)->{tag} } 1, 2;
    call($channel, cancel => consumer_tag => $first);
    check(has_queue($connection, $queue));
    call($channel, cancel => consumer_tag => $second);
    check(!has_queue($connection, $queue));

    declare($channel, queue => $queue, auto_delete => 1);
    consume($channel, $queue);
    call($channel, 'close');
    eventually(sub { !has_queue($connection, $queue) });
}

sub auto_delete_exchange ($connection) {
    my $exchange = name('exchange');
    my $find = sub ($channel) { call($channel, declare_exchange => exchange => $exchange, passive => 1) };
    my $channel = call($connection, 'open_channel');
    call($channel, declare_exchange => exchange => $exchange, type => 'fanout', auto_delete => 1);
    my ($first, $second) = (exclusive($channel), exclusive($channel));
    my %binding = (exchange => $exchange, routing_key => '');
    call($channel, bind_queue => queue => $_, %binding) for $first, $second;
    call($channel, unbind_queue => queue => $first, %binding);
    check(is_there($connection, $find));
    call($channel, delete_queue => queue => $second);
    check(!is_there($connection, $find));
}

my $connection = open_connection();
exclusive_queue($connection);
auto_delete_queue($connection);
auto_delete_exchange($connection);
