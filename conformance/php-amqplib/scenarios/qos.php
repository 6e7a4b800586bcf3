<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

function prepare($connection): array
{
    $channel = $connection->channel();
    $queue = exclusive($channel);
    publish($channel, $queue, ...array_map(strval(...), range(0, 9)));
    return [$channel, $queue];
}

$connection = connect();
[$channel, $queue] = prepare($connection);
$channel->basic_qos(0, 2, false);
$deliveries = consume($channel, $queue);
$deliveries->exactly(2)[0]->ack();
$deliveries->exactly(1)[0]->ack(multiple: true);
$deliveries->exactly(2);
$deliveries->consume($queue);
$deliveries->exactly(2);
$channel->close();

[$channel, $queue] = prepare($connection);
$channel->basic_qos(0, 3, true);
$deliveries = consume($channel, $queue);
$deliveries->consume($queue);
$deliveries->exactly(3)[2]->ack(multiple: true);
$deliveries->exactly(3);
