<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

const REPLY_TO = 'amq.rabbitmq.reply-to';

[$connection, $server] = [connect(), connect()];
[$channel, $serving] = [$connection->channel(), $server->channel()];
$requests = name('requests');
$serving->queue_declare($requests, auto_delete: false);

$replies = consume($channel, REPLY_TO, no_ack: true);
put($channel, $requests, 'question', reply_to: REPLY_TO, correlation_id: '7');
[$request] = receive($serving, $requests, 1);
$address = $request->get('reply_to');
same('question', $request->getBody());
check(str_starts_with($address, REPLY_TO . '.'), $address);
same([$address, 0, 1], $serving->queue_declare($address, passive: true));
put($serving, $address, 'answer', correlation_id: $request->get('correlation_id'));
$reply = $replies->next();
same(['answer', '7'], [$reply->getBody(), $reply->get('correlation_id')]);
same(['', $address, false], [$reply->getExchange(), $reply->getRoutingKey(), $reply->isRedelivered()]);

$acknowledging = fn ($other) => consume($other, REPLY_TO);
refused($connection, 406, 'reply consumer cannot acknowledge', $acknowledging);
$twice = function ($other) {
    consume($other, REPLY_TO, no_ack: true);
    consume($other, REPLY_TO, no_ack: true);
};
refused($connection, 406, 'reply consumer already set', $twice);
$asking = fn ($other) => put($other, $requests, 'lost', reply_to: REPLY_TO);
refused($connection, 406, 'fast reply consumer does not exist', $asking);

$channel->close();
refused($server, 404, "no queue '$address'", fn ($other) => ready($other, $address));
same(0, $serving->queue_delete($requests));
