<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

const SIZES = [0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000];

$connection = connect();
$channel = $connection->channel();
$queue = exclusive($channel);
$sent = array_map(fn ($size) => $size ? random_bytes($size) : '', SIZES);
publish($channel, $queue, ...$sent);
foreach (receive($channel, $queue, count($sent)) as $number => $message) {
    $expected = SIZES[$number];
    $came = strlen($message->getBody());
    check($message->getBody() === $sent[$number], "a body of $expected octets came as $came octets");
}
