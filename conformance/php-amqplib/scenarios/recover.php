<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

$connection = connect();
$channel = $connection->channel();
$queue = exclusive($channel);
publish($channel, $queue, '1', '2', '3');
$deliveries = consume($channel, $queue);
$redelivered = fn ($message) => $message->isRedelivered();
$first = $deliveries->take(3);
same([false, false, false], array_map($redelivered, $first));
$first[1]->ack();

$channel->basic_recover(requeue: true);

$again = $deliveries->take(2);
same(['1', '3'], texts($again));
same([true, true], array_map($redelivered, $again));
$again[1]->ack(multiple: true);
$channel->close();
same(0, ready($connection->channel(), $queue));
