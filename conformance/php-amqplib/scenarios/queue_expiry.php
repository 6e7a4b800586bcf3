<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Wire\AMQPTable;

const EXPIRES = 0.8;

/** Waits until a queue is gone; to look is to use it, so this looks seldom. */
function awaitEnd($connection, string $queue): void
{
    eventually(fn () => !hasQueue($connection, $queue), 1.25 * EXPIRES);
}

$connection = connect();
$channel = confirming($connection);
[$idle, $used, $dead] = [name('idle'), name('used'), exclusive($channel)];
$arguments = new AMQPTable([
    'x-expires' => (int) (EXPIRES * 1000),
    'x-dead-letter-exchange' => '',
    'x-dead-letter-routing-key' => $dead,
]);
$channel->queue_declare($used, durable: true, auto_delete: false, arguments: $arguments);
consume($channel, $used, consumer_tag: 'user');
$channel->queue_declare($idle, durable: true, auto_delete: false, arguments: $arguments);
put($channel, $idle, 'goes with its queue');
awaitEnd($connection, $idle);
same([], drain($channel, $dead));
same([$used, 0, 1], $channel->queue_declare($used, passive: true));
$channel->basic_cancel('user');
awaitEnd($connection, $used);

refuseArgument($connection, 'x-expires', [0, '{value_zero,0}'], [-1, '{value_negative,-1}']);
