'use strict';
const assert = require('node:assert');
const { bodies, name, scenario } = require('../support');

const exchange = name('direct_logs');

scenario(async (connection) => {
  const channel = await connection.createChannel();
  await channel.assertExchange(exchange, 'direct', { durable: false });
  const { queue: errors } = await channel.assertQueue('', { exclusive: true });
  const { queue: everything } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(errors, exchange, 'error');
  for (const severity of ['info', 'warning', 'error']) {
    await channel.bindQueue(everything, exchange, severity);
  }

  for (const severity of ['info', 'error', 'debug', 'warning']) {
    channel.publish(exchange, severity, Buffer.from(severity));
  }

  assert.deepStrictEqual(await bodies(channel, errors, 1), ['error']);
  assert.deepStrictEqual(await bodies(channel, everything, 3), ['info', 'error', 'warning']);
  for (const queue of [errors, everything]) {
    assert.strictEqual((await channel.checkQueue(queue)).messageCount, 0);
  }
  await channel.deleteExchange(exchange);
});
