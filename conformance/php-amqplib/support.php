<?php

/** What every php-amqplib scenario needs: the broker's address and names of its own. */

declare(strict_types=1);

require '/usr/share/php/PhpAmqpLib/autoload.php';

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AbstractConnection;
use PhpAmqpLib\Connection\AMQPConnectionConfig;
use PhpAmqpLib\Connection\AMQPConnectionFactory;
use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use PhpAmqpLib\Exception\AMQPTimeoutException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

/** Seconds after which something that should have come counts as missing. */
const PATIENCE = 10.0;

/** Seconds of silence after which nothing more is expected. */
const QUIET = 0.3;

/** The deliveries of one or more consumers of a channel, to be waited for. */
final class Deliveries
{
    private array $arrived = [];

    public function __construct(private AMQPChannel $channel)
    {
    }

    /** Starts a consumer; `$options` are named arguments of `basic_consume`. */
    public function consume(string $queue, mixed ...$options): string
    {
        return $this->channel->basic_consume($queue, ...$options, callback: function ($message) {
            $this->arrived[] = $message;
        });
    }

    public function take(int $count): array
    {
        while (count($this->arrived) < $count) {
            check(happens($this->channel, PATIENCE), count($this->arrived) . " of $count messages came");
        }
        return array_splice($this->arrived, 0, $count);
    }

    public function next(): AMQPMessage
    {
        return $this->take(1)[0];
    }

    /** Takes this many and sees that no more follow. */
    public function exactly(int $count): array
    {
        $taken = $this->take($count);
        while (happens($this->channel, QUIET));
        same([], texts($this->arrived));
        return $taken;
    }
}

/** A connection; `$options` are setters of its configuration, without their `set`. */
function connect(mixed ...$options): AbstractConnection
{
    $uri = parse_url(getenv('AMQP_URI'));
    $config = new AMQPConnectionConfig();
    $options += ['Host' => $uri['host'], 'Port' => $uri['port']];
    $options += ['ReadTimeout' => PATIENCE, 'WriteTimeout' => PATIENCE, 'ChannelRPCTimeout' => PATIENCE];
    foreach ($options as $option => $value) {
        $config->{"set$option"}($value);
    }
    return AMQPConnectionFactory::create($config);
}

/** A queue or exchange name that no other scenario uses. */
function name(string $suffix): string
{
    return getenv('CONFORMANCE_PREFIX') . ".$suffix";
}

function check(bool $condition, string $otherwise = 'what should hold does not'): void
{
    if (!$condition) {
        throw new RuntimeException($otherwise);
    }
}

function same(mixed $expected, mixed $actual): void
{
    check($expected === $actual, var_export($actual, true) . ' instead of ' . var_export($expected, true));
}

/** Waits for an event of a connection or channel; whether one came in time. */
function happens(AbstractConnection|AMQPChannel $where, float $seconds): bool
{
    try {
        $where->wait(null, false, $seconds);
        return true;
    } catch (AMQPTimeoutException) {
        return false;
    }
}

/** Waits until `$holds()`, which is asked anew after this many seconds. */
function eventually(callable $holds, float $interval = 0.02): void
{
    $deadline = microtime(true) + PATIENCE;
    while (!$holds()) {
        check(microtime(true) < $deadline, 'what was waited for did not happen');
        usleep((int) ($interval * 1_000_000));
    }
}

/** A queue of this connection's own, with a name by the broker if it is given none. */
function exclusive(AMQPChannel $channel, string $queue = '', array $arguments = []): string
{
    $arguments = new AMQPTable($arguments);
    return $channel->queue_declare($queue, exclusive: true, auto_delete: false, arguments: $arguments)[0];
}

/** Whether what `$declare` declares passively is there. */
function isThere(AbstractConnection $connection, callable $declare): bool
{
    try {
        $channel = $connection->channel();
        $declare($channel);
        $channel->close();
        return true;
    } catch (AMQPProtocolChannelException $closed) {
        same(404, $closed->getCode());
        return false;
    }
}

function hasQueue(AbstractConnection $connection, string $queue): bool
{
    return isThere($connection, fn ($channel) => ready($channel, $queue));
}

/** The number of messages that wait in a queue. */
function ready(AMQPChannel $channel, string $queue): int
{
    return $channel->queue_declare($queue, passive: true)[1];
}

function publish(AMQPChannel $channel, string $queue, string ...$texts): void
{
    foreach ($texts as $text) {
        $channel->basic_publish(new AMQPMessage($text), '', $queue);
    }
}

/** A channel on which `put` waits until the broker has confirmed. */
function confirming(AbstractConnection $connection): AMQPChannel
{
    $channel = $connection->channel();
    $channel->confirm_select();
    return $channel;
}

/** Publishes one message with headers and properties, by the default exchange if it is given none. */
function put(
    AMQPChannel $channel,
    string $key,
    string $text,
    string $exchange = '',
    array $headers = [],
    mixed ...$properties
): void {
    if ($headers) {
        $properties['application_headers'] = new AMQPTable($headers);
    }
    $channel->basic_publish(new AMQPMessage($text, $properties), $exchange, $key);
    $channel->wait_for_pending_acks(PATIENCE);
}

/** `$options` are named arguments of `basic_consume`. */
function consume(AMQPChannel $channel, string $queue, mixed ...$options): Deliveries
{
    $deliveries = new Deliveries($channel);
    $deliveries->consume($queue, ...$options);
    return $deliveries;
}

/** The next `$count` messages of a queue. */
function receive(AMQPChannel $channel, string $queue, int $count): array
{
    $deliveries = new Deliveries($channel);
    $tag = $deliveries->consume($queue, no_ack: true);
    $messages = $deliveries->take($count);
    $channel->basic_cancel($tag);
    return $messages;
}

/** All that is ready in a queue, by basic.get. */
function drain(AMQPChannel $channel, string $queue): array
{
    $messages = [];
    while ($message = $channel->basic_get($queue, no_ack: true)) {
        $messages[] = $message;
    }
    return $messages;
}

function texts(array $messages): array
{
    return array_map(fn ($message) => $message->getBody(), $messages);
}

/** A property of each of these messages, null where it has none. */
function property(string $property, array $messages): array
{
    return array_map(fn ($message) => $message->get_properties()[$property] ?? null, $messages);
}

/** The headers of a message as PHP's own values. */
function headers(AMQPMessage $message): array
{
    $headers = $message->has('application_headers') ? $message->get('application_headers') : new AMQPTable();
    return $headers->getNativeData();
}

/** Queue, reason and count of each death that a message tells of. */
function deaths(AMQPMessage $message): array
{
    $told = fn ($death) => [$death['queue'], $death['reason'], $death['count']];
    return array_map($told, headers($message)['x-death'] ?? []);
}

/** Has `$call`, with a channel of its own, end in a channel exception with this text in it. */
function refused(AbstractConnection $connection, int $code, string $text, callable $call): void
{
    $channel = $connection->channel();
    try {
        $call($channel);
        exclusive($channel);
    } catch (AMQPProtocolChannelException $error) {
        same($code, $error->getCode());
        check(str_contains($error->getMessage(), $text), $error->getMessage());
        return;
    }
    throw new RuntimeException("not refused with $code $text");
}

/** Sees that queues with an argument are refused, which has each of `$reasons`' values, for its reason. */
function refuseArgument(AbstractConnection $connection, string $argument, array ...$reasons): void
{
    $queue = name('refused');
    $text = "PRECONDITION_FAILED - invalid arg '$argument' for queue '$queue' in vhost '/': ";
    foreach ($reasons as [$value, $reason]) {
        $declare = fn ($channel) => exclusive($channel, $queue, [$argument => $value]);
        refused($connection, 406, $text . $reason, $declare);
    }
}

/** Has the harness begin to do something to the broker, or to this process (harness/control.py). */
function begin(string $path): mixed
{
    $url = parse_url(getenv('CONFORMANCE_CONTROL'));
    $request = stream_socket_client("tcp://{$url['host']}:{$url['port']}");
    fwrite($request, "GET $path HTTP/1.0\r\n\r\n");
    return $request;
}

/** Waits until the harness has done what it has begun. */
function finish(mixed $request): void
{
    $answer = stream_get_contents($request);
    check(str_contains($answer, ' 200 OK'), "the harness did not do it: $answer");
}

function control(string $path): void
{
    finish(begin($path));
}
