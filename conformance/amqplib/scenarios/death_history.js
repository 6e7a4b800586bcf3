'use strict';
const assert = require('node:assert');
const { consume, deaths, name, publish, receive, scenario, texts } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const [first, second, last] = ['first', 'second', 'last'].map(name);
  const dyingTo = (queue) => ({ deadLetterExchange: '', deadLetterRoutingKey: queue });
  await channel.assertQueue(first, { exclusive: true, ...dyingTo(second) });
  await channel.assertQueue(second, { exclusive: true, messageTtl: 100, ...dyingTo(last) });
  await channel.assertQueue(last, { exclusive: true });

  const claimed = { count: 7, reason: 'rejected', queue: first, exchange: '' };
  const headers = { 'x-death': [claimed], 'x-first-death-queue': 'claimed', mine: 1 };
  await publish(channel, first, 'dies twice', { headers });
  const deliveries = await consume(channel, first, {});
  channel.reject(await deliveries.next(), false);

  const messages = await receive(channel, last, 1);
  assert.deepStrictEqual(texts(messages), ['dies twice']);
  assert.deepStrictEqual(deaths(messages[0]), [[second, 'expired', 1], [first, 'rejected', 1]]);
  const told = messages[0].properties.headers;
  for (const [which, queue, reason] of [['first', first, 'rejected'], ['last', second, 'expired']]) {
    const found = ['queue', 'reason', 'exchange'].map((key) => told[`x-${which}-death-${key}`]);
    assert.deepStrictEqual(found, [queue, reason, '']);
  }
  assert.strictEqual(told.mine, 1);
});
