<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Wire\AMQPTable;

$connection = connect();
$channel = confirming($connection);
$queue = name('single');
$single = new AMQPTable(['x-single-active-consumer' => true]);
$channel->queue_declare($queue, auto_delete: true, arguments: $single);
[$active, $waiting, $last] = [$connection->channel(), $connection->channel(), connect()->channel()];
$active->basic_qos(0, 2, false);
$atActive = consume($active, $queue, consumer_tag: 'active');
[$atWaiting, $atLast] = [consume($waiting, $queue), consume($last, $queue)];
publish($channel, $queue, '1', '2');
$held = $atActive->take(2);
same(['1', '2'], texts($held));
$atWaiting->exactly(0);

$active->basic_cancel('active');
put($channel, $queue, '3');
same('3', $atWaiting->next()->getBody());
$held[1]->reject(requeue: true);
$again = $atWaiting->next();
same(['2', true], [$again->getBody(), $again->isRedelivered()]);
$held[0]->ack();

$atLast->exactly(0);
$waiting->close();
$again = $atLast->take(2);
same(['2', '3'], texts($again));
check($again[0]->isRedelivered() && $again[1]->isRedelivered());
$again[1]->ack(multiple: true);
put($channel, $queue, '4');
same('4', $atLast->next()->getBody());

$reason = ['true', '{unacceptable_type,longstr}'];
refuseArgument($connection, 'x-single-active-consumer', $reason);
