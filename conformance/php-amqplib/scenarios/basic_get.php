<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

$queue = name('polled');
$connection = connect();
$channel = $connection->channel();
$channel->queue_declare($queue, auto_delete: false);
same(null, $channel->basic_get($queue));

publish($channel, $queue, 'one', 'two', 'three');
$message = $channel->basic_get($queue, no_ack: true);
same(['one', 2, false], [$message->getBody(), $message->getMessageCount(), $message->isRedelivered()]);
same(['', $queue], [$message->getExchange(), $message->getRoutingKey()]);
$message = $channel->basic_get($queue);
same(['two', 1], [$message->getBody(), $message->getMessageCount()]);
$message->ack();
$message = $channel->basic_get($queue);
same(['three', 0], [$message->getBody(), $message->getMessageCount()]);
same(null, $channel->basic_get($queue));
$channel->close();

$channel = $connection->channel();
$message = $channel->basic_get($queue, no_ack: true);
same(['three', true], [$message->getBody(), $message->isRedelivered()]);
$channel->queue_delete($queue);
