<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exchange\AMQPExchangeType;
use PhpAmqpLib\Message\AMQPMessage;

const KEYS = [
    'quick.orange.rabbit',
    'lazy.orange.elephant',
    'quick.orange.fox',
    'lazy.brown.fox',
    'lazy.pink.rabbit',
    'quick.brown.fox',
    'orange',
    'quick.orange.new.rabbit',
    'lazy.orange.new.rabbit',
    'lazy',
];
const EXPECTED = [
    [['*.orange.*'], ['quick.orange.rabbit', 'lazy.orange.elephant', 'quick.orange.fox']],
    [
        ['*.*.rabbit', 'lazy.#'],
        [
            'quick.orange.rabbit',
            'lazy.orange.elephant',
            'lazy.brown.fox',
            'lazy.pink.rabbit',
            'lazy.orange.new.rabbit',
            'lazy',
        ],
    ],
    [['#'], KEYS],
];

$exchange = name('topic_logs');
$connection = connect();
$channel = $connection->channel();
$channel->exchange_declare($exchange, AMQPExchangeType::TOPIC, auto_delete: false);
$expected = [];
foreach (EXPECTED as [$patterns, $keys]) {
    $queue = exclusive($channel);
    $expected[$queue] = $keys;
    foreach ($patterns as $pattern) {
        $channel->queue_bind($queue, $exchange, $pattern);
    }
}

foreach (KEYS as $key) {
    $channel->basic_publish(new AMQPMessage($key), $exchange, $key);
}

foreach ($expected as $queue => $keys) {
    same($keys, texts(receive($channel, $queue, count($keys))));
    same(0, ready($channel, $queue));
}
$channel->exchange_delete($exchange);
