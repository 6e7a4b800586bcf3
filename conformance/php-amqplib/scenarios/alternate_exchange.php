<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

function declareWith($channel, string $exchange, string $type, string $alternate): void
{
    $arguments = new AMQPTable(['alternate-exchange' => $alternate]);
    $channel->exchange_declare($exchange, $type, auto_delete: false, arguments: $arguments);
}

[$main, $second, $last] = array_map(name(...), ['main', 'second', 'last']);
$connection = connect();
$channel = confirming($connection);
$channel->set_return_listener(fn () => throw new RuntimeException('what was routed was returned'));
$channel->exchange_declare($last, 'fanout', auto_delete: false);
declareWith($channel, $second, 'topic', $last);
declareWith($channel, $main, 'direct', $second);
[$bound, $caught, $rest] = [exclusive($channel), exclusive($channel), exclusive($channel)];
$channel->queue_bind($bound, $main, 'bound');
$channel->queue_bind($caught, $second, 'caught.*');
$channel->queue_bind($rest, $last);

$expected = [$bound => 'bound', $caught => 'caught.here', $rest => 'anything'];
foreach ($expected as $key) {
    $channel->basic_publish(new AMQPMessage($key), $main, $key, mandatory: true);
}
$channel->wait_for_pending_acks_returns(PATIENCE);
foreach ($expected as $queue => $key) {
    $messages = drain($channel, $queue);
    same([$key], texts($messages));
    same([$main, $key], [$messages[0]->getExchange(), $messages[0]->getRoutingKey()]);
}

$text = "inequivalent arg 'alternate-exchange' for exchange '$main' in vhost '/': ";
$text .= "received '$last' but current is '$second'";
refused($connection, 406, $text, fn ($other) => declareWith($other, $main, 'direct', $last));
foreach ([$main, $second, $last] as $exchange) {
    $channel->exchange_delete($exchange);
}
