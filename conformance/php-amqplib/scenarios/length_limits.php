<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

$connection = connect();
$channel = confirming($connection);
$nacked = [];
$channel->set_nack_handler(function ($message) use (&$nacked) {
    $nacked[] = $message->getBody();
});
$ring = exclusive($channel, arguments: ['x-max-length' => 3]);
foreach (range(0, 9) as $number) {
    put($channel, $ring, "$number");
}
same([['7', '8', '9'], []], [texts(drain($channel, $ring)), $nacked]);

$full = exclusive($channel, arguments: ['x-max-length' => 2, 'x-overflow' => 'reject-publish']);
foreach (range(0, 4) as $number) {
    put($channel, $full, "$number");
}
same(['2', '3', '4'], $nacked);
same(['0', '1'], texts(drain($channel, $full)));
put($channel, $full, 'there is room again');
same(['there is room again'], texts(drain($channel, $full)));
