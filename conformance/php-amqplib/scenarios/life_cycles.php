<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

function exclusiveQueue($other): void
{
    $queue = name('exclusive');
    $owner = connect();
    exclusive($owner->channel(), $queue);
    $text = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '$queue' in vhost '/'";
    refused($other, 405, $text, fn ($channel) => ready($channel, $queue));
    refused($other, 405, $text, fn ($channel) => consume($channel, $queue));
    refused($other, 405, $text, fn ($channel) => $channel->queue_delete($queue));
    $owner->close();
    eventually(fn () => !hasQueue($other, $queue));
}

function autoDeleteQueue($connection): void
{
    $queue = name('auto-delete');
    $channel = $connection->channel();
    $channel->queue_declare($queue, auto_delete: true);
    [$first, $second] = [$channel->basic_consume($queue), $channel->basic_consume($queue)];
    $channel->basic_cancel($first);
    check(hasQueue($connection, $queue));
    $channel->basic_cancel($second);
    check(!hasQueue($connection, $queue));

    $channel->queue_declare($queue, auto_delete: true);
    $channel->basic_consume($queue);
    $channel->close();
    eventually(fn () => !hasQueue($connection, $queue));
}

function autoDeleteExchange($connection): void
{
    $exchange = name('exchange');
    $find = fn ($other) => $other->exchange_declare($exchange, '', passive: true);
    $channel = $connection->channel();
    $channel->exchange_declare($exchange, 'fanout', auto_delete: true);
    [$first, $second] = [exclusive($channel), exclusive($channel)];
    $channel->queue_bind($first, $exchange);
    $channel->queue_bind($second, $exchange);
    $channel->queue_unbind($first, $exchange);
    check(isThere($connection, $find));
    $channel->queue_delete($second);
    check(!isThere($connection, $find));
}

$connection = connect();
exclusiveQueue($connection);
autoDeleteQueue($connection);
autoDeleteExchange($connection);
