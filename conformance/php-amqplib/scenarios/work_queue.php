<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Message\AMQPMessage;

/** Consumes with prefetch 1 and acknowledges only when told to. */
final class Worker
{
    public $connection;
    public $tasks;

    public function __construct(string $queue)
    {
        $this->connection = connect();
        $channel = $this->connection->channel();
        $channel->queue_declare($queue, durable: true, auto_delete: false);
        $channel->basic_qos(0, 1, false);
        $this->tasks = consume($channel, $queue);
    }
}

$queue = name('task_queue');
$boss = connect();
$channel = $boss->channel();
$channel->queue_declare($queue, durable: true, auto_delete: false);
$publish = function (string $task) use ($channel, $queue) {
    $message = new AMQPMessage($task, ['delivery_mode' => AMQPMessage::DELIVERY_MODE_PERSISTENT]);
    $channel->basic_publish($message, '', $queue);
};

$dropped = new Worker($queue);
$survivor = new Worker($queue);
$publish('dangerous');
$task = $dropped->tasks->next();
same(['dangerous', false], [$task->getBody(), $task->isRedelivered()]);
$dropped->connection->close();
$held = $survivor->tasks->next();
same(['dangerous', true], [$held->getBody(), $held->isRedelivered()]);

$other = new Worker($queue);
for ($number = 0; $number < 4; $number++) {
    $publish("quick $number");
}
for ($number = 0; $number < 4; $number++) {
    $task = $other->tasks->next();
    same("quick $number", $task->getBody());
    $task->ack();
}

$held->ack();
$survivor->connection->close();
$other->connection->close();
same(0, ready($channel, $queue));
$channel->queue_delete($queue);
