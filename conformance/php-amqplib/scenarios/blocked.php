<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exception\AMQPConnectionBlockedException;

[$publisher, $consumer] = [connect(), connect()];
$told = [];
$publisher->set_connection_block_handler(function (string $reason) use (&$told) {
    $told[] = $reason;
});
$publisher->set_connection_unblock_handler(function () use (&$told) {
    $told[] = 'unblocked';
});
[$outgoing, $incoming] = [$publisher->channel(), $consumer->channel()];
[$queue] = $incoming->queue_declare(name('watched'));
$deliveries = consume($incoming, $queue, no_ack: true);
publish($outgoing, $queue, 'before');
same('before', $deliveries->next()->getBody());

control('/broker/block');
publish($outgoing, $queue, 'meanwhile');
happens($publisher, PATIENCE);
same(['low on memory'], $told);
try {
    publish($outgoing, $queue, 'refused');
    throw new RuntimeException('published although blocked');
} catch (AMQPConnectionBlockedException) {
}
$deliveries->exactly(0);
same([$queue, 0, 1], $incoming->queue_declare($queue, passive: true));

control('/broker/unblock');
happens($publisher, PATIENCE);
same(['low on memory', 'unblocked'], $told);
same(['meanwhile'], texts($deliveries->exactly(1)));
