<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

$connection = connect();
$channel = confirming($connection);
$queue = exclusive($channel, arguments: ['x-max-priority' => 5]);
put($channel, $queue, 'none');
foreach ([['1', 1], ['3', 3], ['5', 5], ['0', 0], ['9', 9], ['3 again', 3]] as [$text, $priority]) {
    put($channel, $queue, $text, priority: $priority);
}
$messages = drain($channel, $queue);
same(['5', '9', '3', '3 again', '1', 'none', '0'], texts($messages));
same([5, 9, 3, 3, 1, null, 0], property('priority', $messages));

foreach (['low' => 1, 'high' => 4, 'higher' => 4] as $text => $priority) {
    put($channel, $queue, $text, priority: $priority);
}
$held = array_map(fn () => $channel->basic_get($queue), range(1, 3));
$held[2]->nack(requeue: true, multiple: true);
$again = drain($channel, $queue);
same(['high', 'higher', 'low'], texts($again));
same([true, true, true], array_map(fn ($message) => $message->isRedelivered(), $again));

$reasons = [[256, '{max_value_exceeded,256}'], ['5', '"expected integer, got longstr"']];
refuseArgument($connection, 'x-max-priority', ...$reasons);
