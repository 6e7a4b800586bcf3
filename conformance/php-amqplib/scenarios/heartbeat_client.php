<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exception\AMQPConnectionClosedException;

$queue = name('held');
$connection = connect(Heartbeat: 1);
$channel = $connection->channel();
$channel->queue_declare($queue, auto_delete: false);
publish($channel, $queue, 'held');
same('held', consume($channel, $queue)->next()->getBody());

control('/client/freeze?seconds=5');

$other = connect()->channel();
$held = $other->basic_get($queue);
same(['held', true], [$held->getBody(), $held->isRedelivered()]);
try {
    ready($channel, $queue);
    throw new RuntimeException('a connection that was given up still works');
} catch (AMQPConnectionClosedException) {
}
$other->queue_delete($queue);
