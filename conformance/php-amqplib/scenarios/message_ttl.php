<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

/** A queue's TTL, a message's expiration, and what the message's death tells of the latter. */
const LIFETIMES = [
    [150, null, null],
    [null, '150', '150'],
    [600_000, '150', '150'],
    [150, '600000', '600000'],
    [0, null, null],
    [null, '0', '0'],
];

$connection = connect();
$channel = confirming($connection);
$dead = exclusive($channel);
foreach (LIFETIMES as [$ttl, $expiration, $told]) {
    $arguments = ['x-dead-letter-exchange' => '', 'x-dead-letter-routing-key' => $dead];
    $arguments += isset($ttl) ? ['x-message-ttl' => $ttl] : [];
    $queue = exclusive($channel, arguments: $arguments);
    put($channel, $queue, 'mortal', ...isset($expiration) ? ['expiration' => $expiration] : []);
    [$letter] = receive($channel, $dead, 1);
    same(['mortal', false], [$letter->getBody(), $letter->has('expiration')]);
    same([[$queue, 'expired', 1]], deaths($letter));
    same($told, headers($letter)['x-death'][0]['original-expiration'] ?? null);
    same([], drain($channel, $queue));
}

$kept = exclusive($channel, arguments: ['x-message-ttl' => 600_000]);
put($channel, $kept, 'by queue');
put($channel, $kept, 'by both', expiration: '500000');
$messages = drain($channel, $kept);
same(['by queue', 'by both'], texts($messages));
same([null, '500000'], property('expiration', $messages));

$instant = exclusive($channel, arguments: ['x-message-ttl' => 0]);
$deliveries = consume($channel, $instant, no_ack: true);
put($channel, $instant, 'in time');
same('in time', $deliveries->next()->getBody());

$reasons = [[-1, '{value_negative,-1}'], ['150', '"expected integer, got longstr"']];
refuseArgument($connection, 'x-message-ttl', ...$reasons);
foreach ([['soon', 'no_integer'], ['-1', '{value_negative,-1}']] as [$expiration, $why]) {
    $text = "PRECONDITION_FAILED - invalid expiration '$expiration': $why";
    refused($connection, 406, $text, fn ($other) => put($other, $kept, 'x', expiration: $expiration));
}
