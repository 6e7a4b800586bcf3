<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exchange\AMQPExchangeType;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

$exchange = name('headers');
$connection = connect();
$channel = $connection->channel();
$channel->confirm_select();
$channel->exchange_declare($exchange, AMQPExchangeType::HEADERS, auto_delete: true);
$queues = [];
foreach (['all', 'any'] as $match) {
    $queues[$match] = exclusive($channel);
    $wanted = new AMQPTable(['x-match' => $match, 'format' => 'pdf', 'pages' => 2]);
    $channel->queue_bind($queues[$match], $exchange, 'ignored', arguments: $wanted);
}

$messages = [
    'both' => ['format' => 'pdf', 'pages' => 2, 'x' => 1],
    'one' => ['format' => 'pdf', 'pages' => 3],
    'none' => ['format' => 'PDF'],
];
foreach ($messages as $text => $headers) {
    $message = new AMQPMessage($text, ['application_headers' => new AMQPTable($headers)]);
    $channel->basic_publish($message, $exchange);
}
$channel->basic_publish(new AMQPMessage('bare'), $exchange);
$channel->wait_for_pending_acks(PATIENCE);

same(['both'], texts(receive($channel, $queues['all'], 1)));
same(['both', 'one'], texts(receive($channel, $queues['any'], 2)));
same([0, 0], [ready($channel, $queues['all']), ready($channel, $queues['any'])]);

$wrong = new AMQPTable(['x-match' => 'some']);
$bind = fn ($other) => $other->queue_bind($queues['all'], $exchange, arguments: $wrong);
refused($connection, 406, 'Invalid x-match field value', $bind);
