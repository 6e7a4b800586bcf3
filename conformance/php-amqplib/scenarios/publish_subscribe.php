<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exchange\AMQPExchangeType;
use PhpAmqpLib\Message\AMQPMessage;

$exchange = name('logs');
$subscribe = function ($connection) use ($exchange) {
    $channel = $connection->channel();
    $channel->exchange_declare($exchange, AMQPExchangeType::FANOUT, auto_delete: false);
    $queue = exclusive($channel);
    check(str_starts_with($queue, 'amq.gen-'), $queue);
    $channel->queue_bind($queue, $exchange);
    return [$channel, $queue];
};

$publisher = connect();
$channel = $publisher->channel();
$channel->exchange_declare($exchange, AMQPExchangeType::FANOUT, auto_delete: false);
$channel->basic_publish(new AMQPMessage('nobody listens'), $exchange);

$connections = [connect(), connect()];
$subscriptions = array_map($subscribe, $connections);
foreach (['info: one', 'info: two'] as $text) {
    $channel->basic_publish(new AMQPMessage($text), $exchange, 'ignored');
}
foreach ($subscriptions as [$subscriber, $queue]) {
    same(['info: one', 'info: two'], texts(receive($subscriber, $queue, 2)));
}

refused($publisher, 405, $queue, fn ($other) => ready($other, $queue));
foreach ($connections as $connection) {
    $connection->close();
}
refused($publisher, 404, $queue, fn ($other) => ready($other, $queue));
$channel->exchange_delete($exchange);
