<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

$connection = connect();
$channel = $connection->channel();
$queue = exclusive($channel);
publish($channel, $queue, '0', '1', '2', '3', '4');

$held = array_map(fn () => $channel->basic_get($queue), range(0, 4));
$held[3]->nack(requeue: true);
$held[1]->reject(requeue: true);
$held[4]->reject(requeue: false);
foreach (['1', '3'] as $text) {
    $again = $channel->basic_get($queue);
    same([$text, true], [$again->getBody(), $again->isRedelivered()]);
}

$channel->basic_nack(0, multiple: true, requeue: true);
$came = receive($channel, $queue, 4);
same(['0', '1', '2', '3'], texts($came));
same([true, true, true, true], array_map(fn ($message) => $message->isRedelivered(), $came));

publish($channel, $queue, 'unwanted');
$channel->basic_get($queue)->nack(requeue: false);
same(null, $channel->basic_get($queue));
