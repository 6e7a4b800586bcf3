<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exchange\AMQPExchangeType;
use PhpAmqpLib\Message\AMQPMessage;

$exchange = name('direct_logs');
$connection = connect();
$channel = $connection->channel();
$channel->exchange_declare($exchange, AMQPExchangeType::DIRECT, auto_delete: false);
$errors = exclusive($channel);
$everything = exclusive($channel);
$channel->queue_bind($errors, $exchange, 'error');
foreach (['info', 'warning', 'error'] as $severity) {
    $channel->queue_bind($everything, $exchange, $severity);
}

foreach (['info', 'error', 'debug', 'warning'] as $severity) {
    $channel->basic_publish(new AMQPMessage($severity), $exchange, $severity);
}

same(['error'], texts(receive($channel, $errors, 1)));
same(['info', 'error', 'warning'], texts(receive($channel, $everything, 3)));
same([0, 0], [ready($channel, $errors), ready($channel, $everything)]);
$channel->exchange_delete($exchange);
