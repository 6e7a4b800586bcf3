<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exchange\AMQPExchangeType;

$exchange = name('keys');
$connection = connect();
$channel = confirming($connection);
$channel->exchange_declare($exchange, AMQPExchangeType::DIRECT, auto_delete: true);
$queues = [];
foreach (['a', 'b', 'c'] as $key) {
    $queues[] = $queue = exclusive($channel);
    $channel->queue_bind($queue, $exchange, $key);
}

/** The texts of each queue's messages, on which `$look` looks, and of which none may have BCC. */
$received = function (?callable $look = null) use ($channel, $queues) {
    foreach ($queues as $queue) {
        $texts[] = texts($messages = drain($channel, $queue));
        foreach ($messages as $message) {
            check(!isset(headers($message)['BCC']), 'BCC is there to see');
            $look && $look($message);
        }
    }
    return $texts;
};

put($channel, 'a', 'to all', $exchange, ['CC' => ['b', 'a'], 'BCC' => ['c']]);
$look = fn ($message) => same(['a', ['b', 'a']], [$message->getRoutingKey(), headers($message)['CC']]);
same([['to all'], ['to all'], ['to all']], $received($look));

put($channel, 'nowhere', 'only copies', $exchange, ['CC' => ['c']]);
same([[], [], ['only copies']], $received());

$copies = ['CC' => [$queues[1], name('nowhere')], 'BCC' => [$queues[2]]];
put($channel, $queues[0], 'by default', headers: $copies);
same([['by default'], ['by default'], ['by default']], $received());

foreach (['CC', 'BCC'] as $header) {
    $text = "invalid message: {unacceptable_type_in_header,\"$header\",longstr}";
    refused($connection, 406, $text, fn ($other) => put($other, 'a', 'x', headers: [$header => 'b']));
}
