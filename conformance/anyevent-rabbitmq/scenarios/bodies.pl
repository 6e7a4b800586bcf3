use v5.36;
use Support;

my @sizes = (0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000);

my $connection = open_connection();
my $channel = call($connection, 'open_channel');
my $queue = exclusive($channel);
open my $random, '<:raw', '/dev/urandom' or die $!;
my @sent = map { read $random, (my $body), $_; $body } @sizes;
publish($channel, $queue, @sent);
for my $message (receive($channel, $queue, scalar @sent)) {
    my ($came, $expected) = (body($message), shift @sent);
    check($came eq $expected, length($expected) . ' octets came as ' . length $came);
}
