<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

$queue = name('hello');

$sender = connect();
$channel = $sender->channel();
$channel->queue_declare($queue, auto_delete: false);
publish($channel, $queue, 'Hello World!');
$sender->close();

$receiver = connect();
$channel = $receiver->channel();
$channel->queue_declare($queue, auto_delete: false);
same(['Hello World!'], texts(receive($channel, $queue, 1)));
$channel->queue_delete($queue);
$receiver->close();
