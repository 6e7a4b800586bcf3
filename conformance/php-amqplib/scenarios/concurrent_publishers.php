<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

/** PHP has no threads: the publishers take turns, and their confirms come between each other's. */

const PUBLISHERS = 8;
const MESSAGES = 250;

$connection = connect();
$channel = $connection->channel();
$queue = name('shared');
$channel->queue_declare($queue, exclusive: true, auto_delete: false);
$confirmed = array_fill(0, PUBLISHERS, 0);
$publishers = [];
for ($number = 0; $number < PUBLISHERS; $number++) {
    $publisher = $publishers[] = $connection->channel();
    $publisher->set_ack_handler(function () use (&$confirmed, $number) {
        $confirmed[$number]++;
    });
    $publisher->confirm_select();
}

for ($message = 0; $message < MESSAGES; $message++) {
    foreach ($publishers as $number => $publisher) {
        publish($publisher, $queue, "$number $message");
    }
}
foreach ($publishers as $publisher) {
    $publisher->wait_for_pending_acks(PATIENCE);
}
same(array_fill(0, PUBLISHERS, MESSAGES), $confirmed);

$received = texts(receive($channel, $queue, PUBLISHERS * MESSAGES));
for ($number = 0; $number < PUBLISHERS; $number++) {
    $mine = array_filter($received, fn ($text) => str_starts_with($text, "$number "));
    same(array_map(fn ($message) => "$number $message", range(0, MESSAGES - 1)), array_values($mine));
}
