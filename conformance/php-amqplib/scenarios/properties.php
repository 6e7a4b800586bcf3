<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPDecimal;
use PhpAmqpLib\Wire\AMQPTable;

const HEADERS = [
    'text' => 'grüße',
    'octets' => "\x00\xff",
    'true' => true,
    'false' => false,
    'int' => -70_000,
    'long' => 2 ** 40,
    'smallest' => PHP_INT_MIN,
    'nothing' => null,
    'list' => ['one', 2, [true, null], ['k' => 'v']],
    'table' => ['inner' => ['deep' => 1], 'none' => []],
];

/** Values whose type php-amqplib is told; it reads floats and cannot write them. */
const TYPED = [
    'byte' => [-100, AMQPTable::T_INT_SHORTSHORT],
    'unsigned byte' => [200, AMQPTable::T_INT_SHORTSHORT_U],
    'short' => [-30_000, AMQPTable::T_INT_SHORT],
    'unsigned short' => [60_000, AMQPTable::T_INT_SHORT_U],
    'unsigned int' => [4_000_000_000, AMQPTable::T_INT_LONG_U],
    'wide' => [7, AMQPTable::T_INT_LONGLONG],
    'binary' => ["\x00\xff", AMQPTable::T_BYTES],
];

const PROPERTIES = [
    'content_type' => 'application/json',
    'content_encoding' => 'gzip',
    'delivery_mode' => 2,
    'priority' => 5,
    'correlation_id' => 'c-1',
    'reply_to' => 'somewhere',
    'expiration' => '60000',
    'message_id' => 'm-1',
    'timestamp' => 1_700_000_000,
    'type' => 'kind',
    'user_id' => 'guest',
    'app_id' => 'conformance',
    'cluster_id' => 'cluster',
];

$decimal = new AMQPDecimal(1234, 2);
$time = new DateTime('2026-01-02T03:04:05Z');
$table = new AMQPTable(HEADERS + ['decimal' => $decimal, 'time' => $time]);
foreach (TYPED as $key => [$value, $type]) {
    $table->set($key, $value, $type);
}

$connection = connect();
$channel = $connection->channel();
$queue = exclusive($channel);
$publish = fn (array $properties) => $channel->basic_publish(new AMQPMessage('body', $properties), '', $queue);
$publish(PROPERTIES + ['application_headers' => $table]);
$publish([]);
$publish(['application_headers' => new AMQPTable()]);

[$every, $none, $empty] = receive($channel, $queue, 3);
$headers = headers($every);
check($headers['decimal'] == $decimal && $headers['time'] == $time);
unset($headers['decimal'], $headers['time']);
// RabbitMQ 4 sorts them.
$expected = HEADERS + array_map(fn ($typed) => $typed[0], TYPED);
ksort($expected);
ksort($headers);
same($expected, $headers);
$properties = $every->get_properties();
unset($properties['application_headers']);
same(PROPERTIES, $properties);
same([], $none->get_properties());
same(['application_headers'], array_keys($empty->get_properties()));
same([], headers($empty));
