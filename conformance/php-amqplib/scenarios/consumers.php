<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Wire\AMQPTable;

$connection = connect();
$channel = $connection->channel();
$queue = exclusive($channel);
$channel->basic_qos(0, 1, false);
$ranked = function (int $priority) use ($channel, $queue) {
    return consume($channel, $queue, arguments: new AMQPTable(['x-priority' => $priority]));
};
[$low, $high] = [$ranked(-1), $ranked(10)];
publish($channel, $queue, '1', '2', '3');
same(['2'], texts($low->exactly(1)));
[$first] = $high->exactly(1);
same('1', $first->getBody());
$first->ack();
same(['3'], texts($high->exactly(1)));
$low->exactly(0);

$queue = name('single');
[$first, $second] = [$connection->channel(), $connection->channel()];
$single = new AMQPTable(['x-single-active-consumer' => true]);
$first->queue_declare($queue, exclusive: true, auto_delete: false, arguments: $single);
[$active, $waiting] = [consume($first, $queue), consume($second, $queue)];
publish($first, $queue, '1', '2');
$active->exactly(2);
$waiting->exactly(0);
$first->close();
$again = $waiting->exactly(2);
same(['1', '2'], texts($again));
check($again[0]->isRedelivered() && $again[1]->isRedelivered());
refused($connection, 403, 'ACCESS_REFUSED', fn ($third) => consume($third, $queue, exclusive: true));
