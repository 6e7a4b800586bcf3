<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Wire\AMQPTable;

$connection = connect();
$channel = $connection->channel();
[$queue, $exchange] = [name('queue'), name('exchange')];
$durable = ['durable' => true, 'auto_delete' => false];

same([$queue, 0, 0], $channel->queue_declare($queue, ...$durable));
$channel->confirm_select();
publish($channel, $queue, 'kept');
$channel->wait_for_pending_acks(PATIENCE);
same([$queue, 1, 0], $channel->queue_declare($queue, ...$durable));
same(1, ready($channel, $queue));
$text = "PRECONDITION_FAILED - inequivalent arg '%s' for %s in vhost '/'";
$declare = fn ($other) => $other->queue_declare($queue, auto_delete: false);
refused($connection, 406, sprintf($text, 'durable', "queue '$queue'"), $declare);
$limit = new AMQPTable(['x-max-length' => 5]);
$declare = fn ($other) => $other->queue_declare($queue, ...$durable, arguments: $limit);
refused($connection, 406, sprintf($text, 'x-max-length', "queue '$queue'"), $declare);

$channel->exchange_declare($exchange, 'topic', ...$durable);
$channel->exchange_declare($exchange, 'topic', ...$durable);
$channel->exchange_declare($exchange, '', passive: true);
$declare = fn ($other) => $other->exchange_declare($exchange, 'fanout', ...$durable);
refused($connection, 406, sprintf($text, 'type', "exchange '$exchange'"), $declare);
$text = "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'";
refused($connection, 403, $text, fn ($other) => $other->exchange_declare('amq.mine', 'fanout'));

[$first, $second] = [exclusive($channel), exclusive($channel)];
check(str_starts_with($first, 'amq.gen-') && $first !== $second);

$channel->exchange_delete($exchange);
same(1, $channel->queue_delete($queue));
$text = "NOT_FOUND - no queue '$queue' in vhost '/'";
refused($connection, 404, $text, fn ($other) => ready($other, $queue));
$text = "NOT_FOUND - no exchange '$exchange' in vhost '/'";
refused($connection, 404, $text, fn ($other) => $other->exchange_declare($exchange, '', passive: true));
same(0, $channel->queue_delete($queue));
