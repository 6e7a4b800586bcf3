<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exchange\AMQPExchangeType;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

function letters($channel): void
{
    [$exchange, $dead, $dying] = array_map(name(...), ['dlx', 'dead', 'dying']);
    $channel->exchange_declare($exchange, AMQPExchangeType::TOPIC, auto_delete: true);
    exclusive($channel, $dead);
    $channel->queue_bind($dead, $exchange, '#');
    exclusive($channel, $dying, ['x-dead-letter-exchange' => $exchange]);

    $headers = new AMQPTable(['n' => 1]);
    $mortal = ['expiration' => '50', 'delivery_mode' => 2, 'application_headers' => $headers];
    $channel->basic_publish(new AMQPMessage('expires', $mortal), '', $dying);
    [$expired] = receive($channel, $dead, 1);
    same([$exchange, $dying], [$expired->getExchange(), $expired->getRoutingKey()]);
    same([false, 2], [$expired->has('expiration'), $expired->get('delivery_mode')]);
    same([[$dying, 'expired', 1]], deaths($expired));
    ['n' => $n, 'x-death' => [$death]] = headers($expired);
    same([1, '50', ''], [$n, $death['original-expiration'], $death['exchange']]);
    same([$dying], $death['routing-keys']);

    publish($channel, $dying, 'rejected');
    $channel->basic_get($dying)->reject(requeue: false);
    $headers = headers(receive($channel, $dead, 1)[0]);
    $first = array_map(fn ($what) => $headers["x-first-death-$what"], ['reason', 'queue', 'exchange']);
    same(['rejected', $dying, ''], $first);
}

function attempts($channel): void
{
    [$work, $wait] = [name('work'), name('wait')];
    $to = fn ($queue) => ['x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => $queue];
    exclusive($channel, $work, $to($wait));
    exclusive($channel, $wait, $to($work) + ['x-message-ttl' => 50]);
    publish($channel, $work, 'job');
    $jobs = consume($channel, $work);
    for ($attempt = 0; $attempt < 4; $attempt++) {
        $job = $jobs->next();
        $expected = [[$wait, 'expired', $attempt], [$work, 'rejected', $attempt]];
        same($attempt ? $expected : [], deaths($job));
        $job->reject(requeue: false);
    }
}

$connection = connect();
$channel = $connection->channel();
letters($channel);
attempts($channel);
