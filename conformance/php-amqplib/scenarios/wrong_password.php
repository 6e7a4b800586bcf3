<?php

declare(strict_types=1);

require __DIR__ . '/../support.php';

use PhpAmqpLib\Exception\AMQPConnectionClosedException;

try {
    connect(Password: 'wrong');
    throw new RuntimeException('a wrong password was accepted');
} catch (AMQPConnectionClosedException $refused) {
    same(403, $refused->getCode());
    check(str_starts_with($refused->getMessage(), 'ACCESS_REFUSED'), $refused->getMessage());
}
