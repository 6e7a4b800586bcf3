<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Wire\AMQPTable;

const LEAST = 0.15;
const LIMIT = 2;

$channel = confirming(connect());
$channel->basic_qos(0, 1, false);
[$queue, $dead] = [name('retried'), exclusive($channel)];
$arguments = new AMQPTable([
    'x-queue-type' => 'quorum',
    'x-delayed-retry-type' => 'failed',
    'x-delayed-retry-min' => (int) (LEAST * 1000),
    'x-delayed-retry-max' => (int) (10 * LEAST * 1000),
    'x-delivery-limit' => LIMIT,
    'x-dead-letter-exchange' => '',
    'x-dead-letter-routing-key' => $dead,
]);
$channel->queue_declare($queue, durable: true, auto_delete: false, arguments: $arguments);
put($channel, $queue, 'try');
put($channel, $queue, 'other');
$jobs = consume($channel, $queue);
$rejected = 0;
for ($attempt = 0; $attempt <= LIMIT; $attempt++) {
    $job = $jobs->next();
    check(hrtime(true) - $rejected >= LEAST * $attempt * 1e9, 'it came too early');
    same(['try', $attempt], [$job->getBody(), headers($job)['x-delivery-count'] ?? 0]);
    $rejected = hrtime(true);
    $job->reject(requeue: true);
    if ($attempt === 0) {
        $other = $jobs->next();
        same('other', $other->getBody());
        $other->ack();
    }
}
same(['try'], texts(receive($channel, $dead, 1)));
$channel->queue_delete($queue);
