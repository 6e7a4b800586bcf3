<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exception\AMQPHeartbeatMissedException;

$connection = connect(Heartbeat: 1);
$channel = $connection->channel();

/** Waits so many seconds, in which php-amqplib sends its heartbeats and hears the broker's. */
$idle = function (float $seconds) use ($connection, $channel) {
    $end = microtime(true) + $seconds;
    while (microtime(true) < $end) {
        happens($channel, 0.5);
        $connection->checkHeartBeat();
    }
};

$idle(3);
exclusive($channel);

control('/broker/freeze');
try {
    $idle(20);
    throw new RuntimeException('a broker that says nothing was not noticed');
} catch (AMQPHeartbeatMissedException) {
}
control('/broker/thaw');
check(connect(Heartbeat: 1)->channel()->is_open());
