# What every AnyEvent::RabbitMQ scenario needs: the broker's address and names of its own.
package Support;

use v5.36;
use AnyEvent;
use AnyEvent::RabbitMQ;
use AnyEvent::Util qw(fork_call);
use Carp qw(croak);
use Exporter qw(import);
use HTTP::Tiny;

our @EXPORT = qw(
    await body bodies call check close_connection confirmed consume control declare drain eventually
    exclusive get matches method name open_connection pause publish ready reason receive refuse_argument
    refused same PATIENCE QUIET
);

# Seconds after which something that should have come counts as missing.
use constant PATIENCE => 10;

# Seconds of silence after which nothing more is expected.
use constant QUIET => 0.3;

# A connection; croaks with the reason when the broker refuses it.
sub open_connection (%options) {
    my ($user, $pass, $host, $port) = $ENV{AMQP_URI} =~ m{^amqp://(.+):(.+)@(.+):(\d+)/};
    my $opened = AnyEvent->condvar;
    my $connection = AnyEvent::RabbitMQ->new->load_xml_spec->connect(
        user       => $user,
        pass       => $pass,
        host       => $host,
        port       => $port,
        vhost      => '/',
        on_success => $opened,
        on_failure => sub (@why) { $opened->croak("connect: $why[-1]") },
        on_close   => sub ($why) { $opened->croak(reason($why)) },
        %options,
    );
    return await($opened);
}

sub close_connection ($connection) {
    call($connection, 'close');
}

# What a callback for a closed connection or channel is told, in words.
sub reason ($why) {
    return $why if !ref $why;
    my $close = $why->method_frame;
    return $close->reply_code . ' ' . $close->reply_text;
}

# A queue or exchange name that no other scenario uses.
sub name ($suffix) {
    return "$ENV{CONFORMANCE_PREFIX}.$suffix";
}

sub check ($condition, $otherwise = 'what should hold does not') {
    croak $otherwise if !$condition;
}

sub matches ($text, $pattern) {
    croak "$text does not match $pattern" if $text !~ $pattern;
}

sub same ($actual, $expected) {
    my ($came, $wanted) = map { spelled($_) } $actual, $expected;
    croak "$came instead of $wanted" if $came ne $wanted;
}

sub spelled ($value) {
    return '[' . join(', ', map { spelled($_) } @$value) . ']' if ref $value eq 'ARRAY';
    return '{' . join(', ', map { "$_: " . spelled($value->{$_}) } sort keys %$value) . '}'
        if ref $value eq 'HASH';
    return defined $value ? "'$value'" : 'undef';
}

# What a condition variable is sent, with the event loop running meanwhile.
sub await ($condvar) {
    my $timer = AnyEvent->timer(after => PATIENCE, cb => sub { $condvar->croak('nothing came') });
    return $condvar->recv;
}

# What a method of a connection or channel gives its `on_success`; croaks on its `on_failure`.
sub call ($object, $method, %arguments) {
    my $done = AnyEvent->condvar;
    $object->$method(
        %arguments,
        on_success => $done,
        on_failure => sub (@why) { $done->croak("$method: $why[0]") },
    );
    return await($done);
}

# Has the event loop run for so long.
sub pause ($seconds) {
    my $over = AnyEvent->condvar;
    my $timer = AnyEvent->timer(after => $seconds, cb => $over);
    $over->recv;
}

# Waits until `$holds` is true.
sub eventually ($holds) {
    my $deadline = AnyEvent->time + PATIENCE;
    until ($holds->()) {
        check(AnyEvent->time < $deadline, 'what was waited for did not happen');
        pause(0.01);
    }
}

# The declare-ok of a queue.
sub declare ($channel, %arguments) {
    return call($channel, declare_queue => %arguments)->method_frame;
}

# A queue of this connection's own, with a name by the broker.
sub exclusive ($channel) {
    return declare($channel, exclusive => 1)->queue;
}

# The number of messages that wait in a queue.
sub ready ($channel, $queue) {
    return declare($channel, queue => $queue, passive => 1)->message_count;
}

sub publish ($channel, $queue, @texts) {
    $channel->publish(routing_key => $queue, body => $_) for @texts;
}

# Publishes on a channel in confirm mode, and waits for the confirm.
sub confirmed ($channel, %message) {
    my $done = AnyEvent->condvar;
    $channel->publish(%message, on_ack => $done, on_nack => sub { $done->croak('nacked') });
    await($done);
}

# Starts a consumer; `%options` are those of `consume`.
sub consume ($channel, $queue, %options) {
    my $deliveries = Deliveries->new;
    $deliveries->subscribe($channel, $queue, %options);
    return $deliveries;
}

# The next `$count` messages of a queue.
sub receive ($channel, $queue, $count) {
    my $deliveries = consume($channel, $queue);
    my @messages = $deliveries->take($count);
    call($channel, cancel => consumer_tag => $deliveries->{tag});
    return @messages;
}

# A message by basic.get, to be acknowledged; undef when there is none.
sub get ($channel, $queue, %options) {
    my $message = call($channel, get => queue => $queue, no_ack => 0, %options);
    return $message->{empty} ? undef : $message;
}

# All that is ready in a queue, acknowledged automatically.
sub drain ($channel, $queue) {
    my @messages;
    while (my $message = get($channel, $queue, no_ack => 1)) {
        push @messages, $message;
    }
    return @messages;
}

# The deliver or get-ok of a message.
sub method ($message) {
    return ($message->{deliver} // $message->{ok})->method_frame;
}

sub body ($message) {
    return $message->{body} ? $message->{body}->payload : '';
}

sub bodies (@messages) {
    return [map { body($_) } @messages];
}

# Has `$call`, with a channel of its own, end in a channel exception with this text in it.
sub refused ($connection, $code, $text, $call) {
    my $closed = AnyEvent->condvar;
    my $channel = call($connection, open_channel => on_close => $closed);
    eval { $call->($channel) };
    my $why = reason(await($closed));
    matches($why, qr/^$code .*\Q$text\E/);
}

# Sees that queues with these values of an argument are refused, each for the reason given.
sub refuse_argument ($connection, $argument, @cases) {
    my $queue = name('refused');
    my $invalid = "PRECONDITION_FAILED - invalid arg '$argument' for queue '$queue' in vhost '/': ";
    for my $case (@cases) {
        my ($value, $why) = @$case;
        my %wrong = (queue => $queue, arguments => { $argument => $value });
        refused($connection, 406, $invalid . $why, sub ($other) { declare($other, %wrong) });
    }
}

# Has the harness do something to the broker, or to this process (harness/control.py).
sub control ($path) {
    my $done = AnyEvent->condvar;
    fork_call { HTTP::Tiny->new->get($ENV{CONFORMANCE_CONTROL} . $path)->{status} } $done;
    same($done->recv, 200);
}

# The deliveries of one or more consumers of a channel, to be waited for.
package Deliveries {
    sub new ($class) {
        return bless { arrived => [] }, $class;
    }

    # Starts a consumer; `%options` are those of `consume`.
    sub subscribe ($self, $channel, $queue, %options) {
        my $arrived = $self->{arrived};
        my $on_consume = sub ($message) { push @$arrived, $message };
        %options = (queue => $queue, on_consume => $on_consume, %options);
        $self->{tag} = Support::call($channel, consume => %options)->method_frame->consumer_tag;
    }

    sub take ($self, $count) {
        my $arrived = $self->{arrived};
        Support::eventually(sub { @$arrived >= $count });
        return splice @$arrived, 0, $count;
    }

    sub next ($self) {
        return ($self->take(1))[0];
    }

    # Takes this many and sees that no more follow.
    sub exactly ($self, $count) {
        my @taken = $self->take($count);
        Support::pause(Support::QUIET);
        Support::same(Support::bodies(@{ $self->{arrived} }), []);
        return @taken;
    }
}

1;
