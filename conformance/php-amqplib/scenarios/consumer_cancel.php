<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exception\AMQPBasicCancelException;

$queue = name('doomed');
$connection = connect();
$channel = $connection->channel();
$channel->queue_declare($queue, auto_delete: false);
$deliveries = new Deliveries($channel);
$tag = $deliveries->consume($queue, no_ack: true);
publish($channel, $queue, 'before');
same('before', $deliveries->next()->getBody());

$connection->channel()->queue_delete($queue);

try {
    $deliveries->next();
    throw new RuntimeException('a message came from a queue that was deleted');
} catch (AMQPBasicCancelException $cancelled) {
    same($tag, $cancelled->getConsumerTag());
}
check($channel->is_open());
$queue = exclusive($channel);
publish($channel, $queue, 'after');
same(['after'], texts(receive($channel, $queue, 1)));
