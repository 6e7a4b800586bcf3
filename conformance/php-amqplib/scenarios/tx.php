<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

$queue = name('tx');
$connection = connect();
$observer = $connection->channel();
$observer->queue_declare($queue, auto_delete: false);
$channel = $connection->channel();
$channel->tx_select();
publish($channel, $queue, 'undone');
$channel->tx_rollback();
same(0, ready($observer, $queue));

publish($channel, $queue, 'done');
same(0, ready($observer, $queue));
$channel->tx_commit();
same(1, ready($observer, $queue));

$channel->basic_get($queue)->ack();
$channel->tx_rollback();
$channel->close();
eventually(fn () => ready($observer, $queue) === 1);

$channel = $connection->channel();
$channel->tx_select();
$channel->basic_get($queue)->ack();
$channel->tx_commit();
$channel->close();
same(0, ready($observer, $queue));
$observer->queue_delete($queue);
