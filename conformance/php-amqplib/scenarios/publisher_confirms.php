<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Message\AMQPMessage;

$queue = name('confirms');
$connection = connect();
$channel = $connection->channel();
$channel->queue_declare($queue, durable: true, auto_delete: false);
$confirmed = [];
$channel->set_ack_handler(function (AMQPMessage $message) use (&$confirmed) {
    $confirmed[] = $message->getBody();
});
$channel->set_nack_handler(fn () => throw new RuntimeException('nacked'));
$channel->confirm_select();
$message = fn (string $text) => new AMQPMessage($text, ['delivery_mode' => 2]);

for ($number = 0; $number < 20; $number++) {
    $channel->basic_publish($message("single $number"), '', $queue);
    $channel->wait_for_pending_acks(PATIENCE);
    same("single $number", end($confirmed));
}
same(20, ready($channel, $queue));

for ($number = 0; $number < 500; $number++) {
    $channel->batch_basic_publish($message("batch $number"), '', $queue);
}
$channel->publish_batch();
$channel->wait_for_pending_acks(PATIENCE);
same(520, count(array_unique($confirmed)));
same(520, ready($channel, $queue));

$channel->basic_publish($message('dropped'), '', name('nowhere'));
$channel->wait_for_pending_acks(PATIENCE);
same('dropped', end($confirmed));
same(520, $channel->queue_delete($queue));
