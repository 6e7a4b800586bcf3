<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Wire\AMQPTable;

const KINDS = [
    'key' => [],
    'header' => ['hash-header' => 'customer'],
    'property' => ['hash-property' => 'correlation_id'],
];
const CUSTOMERS = 40;
const EACH = 2;

function declareHash($channel, string $kind, array $arguments): string
{
    $exchange = name($kind);
    $arguments = new AMQPTable($arguments);
    $channel->exchange_declare($exchange, 'x-consistent-hash', auto_delete: true, arguments: $arguments);
    return $exchange;
}

/** What each of three queues gets of the customers' messages. */
function shares($channel, string $kind, array $arguments): array
{
    $exchange = declareHash($channel, $kind, $arguments);
    $queues = [];
    foreach (['10', '20', '10'] as $weight) {
        $queues[] = $queue = exclusive($channel);
        $channel->queue_bind($queue, $exchange, $weight);
    }
    for ($number = 0; $number < CUSTOMERS * EACH; $number++) {
        $customer = (string) ($number % CUSTOMERS);
        $key = $kind === 'key' ? $customer : 'same';
        put($channel, $key, $customer, $exchange, ['customer' => $customer], correlation_id: $customer);
    }
    return array_map(fn ($queue) => texts(drain($channel, $queue)), $queues);
}

$connection = connect();
$channel = confirming($connection);
foreach (KINDS as $kind => $arguments) {
    $found = shares($channel, $kind, $arguments);
    same(CUSTOMERS * EACH, array_sum(array_map(count(...), $found)));
    check(!in_array([], $found), 'a queue got none');
    $distinct = array_merge(...array_map(array_unique(...), $found));
    same([CUSTOMERS, CUSTOMERS], [count($distinct), count(array_unique($distinct))]);
}

$exchange = declareHash($channel, 'wrong', []);
$queue = exclusive($channel);
foreach ([['0', 'greater than 0'], ['x', 'an integer']] as [$weight, $wanted]) {
    $bind = fn ($other) => $other->queue_bind($queue, $exchange, $weight);
    refused($connection, 406, "The binding key must be $wanted", $bind);
}
$both = ['hash-header' => 'a', 'hash-property' => 'message_id'];
$text = 'hash-header and hash-property are mutually exclusive';
refused($connection, 406, $text, fn ($other) => declareHash($other, 'both', $both));
$unknown = ['hash-property' => 'app_id'];
$text = 'Unsupported property: app_id';
refused($connection, 406, $text, fn ($other) => declareHash($other, 'other', $unknown));
$channel->exchange_delete($exchange);
