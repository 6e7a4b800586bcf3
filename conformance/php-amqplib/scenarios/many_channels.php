<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

const CHANNELS = 1000;

$connection = connect();
$channels = [];
for ($number = 0; $number < CHANNELS; $number++) {
    $channel = $connection->channel();
    $channels[$channel->getChannelId()] = $channel;
}
same(CHANNELS, count($channels));
$queue = exclusive($channel);
foreach ($channels as $number => $channel) {
    publish($channel, $queue, (string) $number);
    same((string) $number, $channel->basic_get($queue, no_ack: true)->getBody());
}
foreach ($channels as $channel) {
    $channel->close();
}
check($connection->channel()->is_open());
