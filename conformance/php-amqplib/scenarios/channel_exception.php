<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use PhpAmqpLib\Message\AMQPMessage;

$connection = connect();
$bystander = $connection->channel();
$queue = exclusive($bystander);
$missing = name('missing');

$channel = $connection->channel();
try {
    $channel->queue_declare($missing, passive: true);
    throw new RuntimeException('a missing queue was declared passively');
} catch (AMQPProtocolChannelException $closed) {
    same(404, $closed->getCode());
    same("NOT_FOUND - no queue '$missing' in vhost '/'", $closed->getMessage());
}
check(!$channel->is_open());

$channel = $connection->channel();
$channel->basic_publish(new AMQPMessage('lost'), $missing);
try {
    $channel->basic_qos(0, 1, false);
    throw new RuntimeException('a publish to a missing exchange went unnoticed');
} catch (AMQPProtocolChannelException $closed) {
    same(404, $closed->getCode());
    same("NOT_FOUND - no exchange '$missing' in vhost '/'", $closed->getMessage());
}

check($connection->isConnected());
publish($bystander, $queue, 'still here');
same(['still here'], texts(receive($bystander, $queue, 1)));
check($connection->channel()->is_open());
