<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

$nowhere = name('nowhere');
$connection = connect();
$channel = $connection->channel();
$returned = [];
$channel->set_return_listener(function (...$return) use (&$returned) {
    $returned[] = $return;
});
$channel->confirm_select();
$properties = ['message_id' => 'm-1', 'application_headers' => new AMQPTable(['try' => 1])];
$channel->basic_publish(new AMQPMessage('come back', $properties), '', $nowhere, mandatory: true);
$channel->wait_for_pending_acks_returns(PATIENCE);

same(1, count($returned));
[$code, $text, $exchange, $key, $message] = $returned[0];
same([312, 'NO_ROUTE', '', $nowhere], [$code, $text, $exchange, $key]);
same(['m-1', ['try' => 1]], [$message->get('message_id'), headers($message)]);
same('come back', $message->getBody());
