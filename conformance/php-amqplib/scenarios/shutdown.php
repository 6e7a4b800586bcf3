<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exception\AMQPConnectionClosedException;
use PhpAmqpLib\Helper\SocketConstants;
use PhpAmqpLib\Message\AMQPMessage;

$queue = name('durable');
$connection = connect();
$channel = $connection->channel();
$channel->queue_declare($queue, durable: true, auto_delete: false);
$channel->confirm_select();
foreach (['1', '2'] as $text) {
    $channel->basic_publish(new AMQPMessage($text, ['delivery_mode' => 2]), '', $queue);
}
$channel->wait_for_pending_acks(PATIENCE);

$stop = begin('/broker/stop');

try {
    happens($connection, PATIENCE);
    throw new RuntimeException('the end of the broker went unnoticed');
} catch (AMQPConnectionClosedException $closed) {
    // RabbitMQ does not wait for the close-ok, and the broken pipe is then all that php-amqplib tells.
    if ($closed->getCode() !== SocketConstants::getInstance()->SOCKET_EPIPE) {
        same(320, $closed->getCode());
        check(str_starts_with($closed->getMessage(), 'CONNECTION_FORCED'), $closed->getMessage());
    }
}
finish($stop);
control('/broker/start');
$connection->reconnect();
$channel = $connection->channel();
same(['1', '2'], texts(receive($channel, $queue, 2)));
$channel->queue_delete($queue);
