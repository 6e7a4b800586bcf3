use v5.36;
use Support;

# AnyEvent::RabbitMQ has no nack: reject puts one message back at a time.
my $queue = name('priorities');
my $connection = open_connection();
my $channel = call($connection, 'open_channel');
declare($channel, queue => $queue, exclusive => 1, arguments => { 'x-max-priority' => 5 });

sub publish_ranked (@messages) {
    for my $message (@messages) {
        my ($text, $priority) = @$message;
        $channel->publish(routing_key => $queue, body => $text, header => { priority => $priority });
    }
}

publish_ranked(['none', undef], [1, 1], [3, 3], [5, 5], [0, 0], [9, 9], ['3 again', 3]);
my @came = map { [body($_), $_->{header}->priority] } drain($channel, $queue);
same(\@came, [[5, 5], [9, 9], [3, 3], ['3 again', 3], [1, 1], ['none', undef], [0, 0]]);

publish_ranked([low => 1], [high => 4], [higher => 4]);
my @tags = map { method(get($channel, $queue))->delivery_tag } 1 .. 3;
$channel->reject(delivery_tag => $_, requeue => 1) for @tags;
@came = map { [body($_), method($_)->redelivered] } drain($channel, $queue);
same(\@came, [map { [$_, 1] } qw(high higher low)]);

my @refused = ([256, '{max_value_exceeded,256}'], [-1, '{value_negative,-1}']);
refuse_argument($connection, 'x-max-priority', @refused);
