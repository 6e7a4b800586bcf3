'use strict';
const assert = require('node:assert');
const { name, publish, refused, scenario } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const [queue, exchange] = ['queue', 'exchange'].map(name);

  assert.strictEqual((await channel.assertQueue(queue)).messageCount, 0);
  await publish(channel, queue, 'kept');
  const again = await channel.assertQueue(queue);
  assert.deepStrictEqual({ ...again }, { queue, messageCount: 1, consumerCount: 0 });
  assert.strictEqual((await channel.checkQueue(queue)).messageCount, 1);
  const inequivalent = (argument) => `PRECONDITION_FAILED - inequivalent arg '${argument}' for `;
  const transient = (other) => other.assertQueue(queue, { durable: false });
  await refused(connection, 406, `${inequivalent('durable')}queue '${queue}'`, transient);
  const limited = (other) => other.assertQueue(queue, { maxLength: 5 });
  await refused(connection, 406, `${inequivalent('x-max-length')}queue '${queue}'`, limited);

  await channel.assertExchange(exchange, 'topic');
  await channel.assertExchange(exchange, 'topic');
  await channel.checkExchange(exchange);
  const fanout = (other) => other.assertExchange(exchange, 'fanout');
  await refused(connection, 406, `${inequivalent('type')}exchange '${exchange}'`, fanout);
  const reserved = "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'";
  await refused(connection, 403, reserved, (other) => other.assertExchange('amq.mine', 'fanout'));

  const first = await channel.assertQueue('', { exclusive: true });
  const second = await channel.assertQueue('', { exclusive: true });
  assert.match(first.queue, /^amq\.gen-/);
  assert.notStrictEqual(first.queue, second.queue);

  await channel.deleteExchange(exchange);
  assert.strictEqual((await channel.deleteQueue(queue)).messageCount, 1);
  const missing = (what, its) => `NOT_FOUND - no ${what} '${its}' in vhost '/'`;
  await refused(connection, 404, missing('queue', queue), (other) => other.checkQueue(queue));
  const check = (other) => other.checkExchange(exchange);
  await refused(connection, 404, missing('exchange', exchange), check);
  assert.strictEqual((await channel.deleteQueue(queue)).messageCount, 0);
});
