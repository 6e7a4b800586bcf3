<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Message\AMQPMessage;

const CALLS = 5;

function fib(int $n): int
{
    return $n < 2 ? $n : fib($n - 1) + fib($n - 2);
}

function answer(AMQPMessage $request): void
{
    $result = (string) fib((int) $request->getBody());
    $reply = new AMQPMessage($result, ['correlation_id' => $request->get('correlation_id')]);
    $request->getChannel()->basic_publish($reply, '', $request->get('reply_to'));
    $request->ack();
}

$queue = name('rpc_queue');
$server = connect();
$serving = $server->channel();
$serving->queue_declare($queue, auto_delete: false);
$serving->basic_qos(0, 1, false);
$requests = consume($serving, $queue);

$client = connect();
$channel = $client->channel();
$callback = exclusive($channel);
$calls = [];
for ($n = 10; $n < 10 + CALLS; $n++) {
    $id = uniqid('call-', true);
    $calls[$id] = $n;
    $request = new AMQPMessage((string) $n, ['correlation_id' => $id, 'reply_to' => $callback]);
    $channel->basic_publish($request, '', $queue);
}
for ($call = 0; $call < CALLS; $call++) {
    answer($requests->next());
}
foreach (receive($channel, $callback, CALLS) as $reply) {
    $id = $reply->get('correlation_id');
    same((string) fib($calls[$id]), $reply->getBody());
    unset($calls[$id]);
}
same([], $calls);
$channel->queue_delete($queue);
