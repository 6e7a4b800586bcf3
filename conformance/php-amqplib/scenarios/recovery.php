<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

/** php-amqplib connects again when asked to; who uses it declares and consumes again. */

use PhpAmqpLib\Exception\AMQPConnectionClosedException;
use PhpAmqpLib\Message\AMQPMessage;

[$queue, $exchange] = [name('durable'), name('exchange')];
$open = function ($connection) use ($queue, $exchange) {
    $channel = $connection->channel();
    $channel->exchange_declare($exchange, 'direct', durable: true, auto_delete: false);
    $channel->queue_declare($queue, durable: true, auto_delete: false);
    $channel->queue_bind($queue, $exchange, 'key');
    $channel->confirm_select();
    return $channel;
};
$publish = function ($channel, string $text, int $mode) use ($exchange) {
    $channel->basic_publish(new AMQPMessage($text, ['delivery_mode' => $mode]), $exchange, 'key');
    $channel->wait_for_pending_acks(PATIENCE);
};

$connection = connect();
$channel = $open($connection);
$publish($channel, '1', AMQPMessage::DELIVERY_MODE_PERSISTENT);
$publish($channel, '2', AMQPMessage::DELIVERY_MODE_PERSISTENT);
$publish($channel, 'transient', AMQPMessage::DELIVERY_MODE_NON_PERSISTENT);
same(3, count(consume($channel, $queue)->take(3)));

control('/broker/kill');

try {
    happens($connection, PATIENCE);
    throw new RuntimeException("the broker's death went unnoticed");
} catch (AMQPConnectionClosedException) {
}
control('/broker/start');
$connection->reconnect();
$channel = $connection->channel();
$channel->exchange_declare($exchange, '', passive: true);
$channel->confirm_select();
$publish($channel, '3', AMQPMessage::DELIVERY_MODE_PERSISTENT);
$channel = $open($connection);
same(['1', '2', '3'], texts(consume($channel, $queue)->exactly(3)));
$channel->exchange_delete($exchange);
$channel->queue_delete($queue);
