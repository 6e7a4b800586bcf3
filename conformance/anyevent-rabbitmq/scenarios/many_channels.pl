use v5.36;
use Support;

my $count = 1000;

my $connection = open_connection();
my @channels = map { call($connection, 'open_channel') } 1 .. $count;
my @ids = map { $_->id } @channels;
same([sort { $a <=> $b } @ids], [1 .. $count]);
my $queue = exclusive($channels[0]);
publish($_, $queue, $_->id) for @channels;
my $received = bodies(receive($channels[-1], $queue, $count));
same([sort { $a <=> $b } @$received], [1 .. $count]);
call($_, 'close') for @channels;
check(call($connection, 'open_channel')->is_open);
