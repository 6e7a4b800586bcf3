'use strict';
const assert = require('node:assert');
const { createPublisher, name, refused, scenario } = require('../support');

const [queue, exchange] = ['queue', 'exchange'].map(name);
const inequivalent = (argument, what) =>
  `PRECONDITION_FAILED - inequivalent arg '${argument}' for ${what} in vhost '/'`;

scenario(async (connection) => {
  const durable = { queue, durable: true };
  const declared = await connection.queueDeclare(durable);
  assert.deepStrictEqual({ ...declared }, { queue, messageCount: 0, consumerCount: 0 });
  await createPublisher(connection).send(queue, 'kept');
  assert.strictEqual((await connection.queueDeclare(durable)).messageCount, 1);
  assert.strictEqual((await connection.queueDeclare({ queue, passive: true })).messageCount, 1);
  const declare = (fields) => (channel) => channel.queueDeclare({ queue, ...fields });
  const durability = inequivalent('durable', `queue '${queue}'`);
  await refused(connection, 'PRECONDITION_FAILED', durability, declare({}));
  const length = inequivalent('x-max-length', `queue '${queue}'`);
  const limited = declare({ durable: true, arguments: { 'x-max-length': 5 } });
  await refused(connection, 'PRECONDITION_FAILED', length, limited);

  const topic = { exchange, type: 'topic', durable: true };
  await connection.exchangeDeclare(topic);
  await connection.exchangeDeclare(topic);
  await connection.exchangeDeclare({ exchange, passive: true });
  const kind = inequivalent('type', `exchange '${exchange}'`);
  const fanout = (channel) => channel.exchangeDeclare({ ...topic, type: 'fanout' });
  await refused(connection, 'PRECONDITION_FAILED', kind, fanout);
  const reserved = "exchange name 'amq.mine' contains reserved prefix 'amq.*'";
  const mine = (channel) => channel.exchangeDeclare({ exchange: 'amq.mine', type: 'fanout' });
  await refused(connection, 'ACCESS_REFUSED', reserved, mine);

  const first = await connection.queueDeclare({ exclusive: true });
  const second = await connection.queueDeclare({ exclusive: true });
  assert.match(first.queue, /^amq\.gen-/);
  assert.notStrictEqual(first.queue, second.queue);

  await connection.exchangeDelete({ exchange });
  assert.strictEqual((await connection.queueDelete(queue)).messageCount, 1);
  const missing = (what) => `NOT_FOUND - no ${what} in vhost '/'`;
  const passive = declare({ passive: true });
  await refused(connection, 'NOT_FOUND', missing(`queue '${queue}'`), passive);
  const check = (channel) => channel.exchangeDeclare({ exchange, passive: true });
  await refused(connection, 'NOT_FOUND', missing(`exchange '${exchange}'`), check);
  assert.strictEqual((await connection.queueDelete(queue)).messageCount, 0);
});
