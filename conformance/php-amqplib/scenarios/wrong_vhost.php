<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exception\AMQPConnectionClosedException;

try {
    connect(Vhost: 'no such host');
    throw new RuntimeException('a virtual host that does not exist was opened');
} catch (AMQPConnectionClosedException $refused) {
    same(530, $refused->getCode());
    check(str_contains($refused->getMessage(), 'vhost no such host not found'), $refused->getMessage());
}
