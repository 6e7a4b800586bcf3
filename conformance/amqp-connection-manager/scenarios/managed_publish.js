'use strict';
const assert = require('node:assert');
const { control, name, next, scenario, take, within } = require('../support');

const queue = name('durable');
const persistent = { persistent: true };

scenario(async (connection) => {
  const channel = connection.createChannel({ setup: (raw) => raw.assertQueue(queue) });
  const early = channel.sendToQueue(queue, 'before the connection', persistent);
  await within(early, 'not confirmed');
  const disconnected = next(connection, 'disconnect');

  await control('/broker/stop');
  const { err } = await within(disconnected, 'the end of the broker went unnoticed');
  assert.strictEqual(err.code, 320);
  const texts = ['1', '2', '3'];
  const published = texts.map((text) => channel.sendToQueue(queue, text, persistent));
  assert.strictEqual(channel.queueLength(), texts.length);

  await control('/broker/start');
  await within(Promise.all(published), 'what was published meanwhile was not confirmed');
  assert.strictEqual(channel.queueLength(), 0);
  const deliveries = [];
  await channel.consume(queue, (message) => deliveries.push(message), { noAck: true });
  assert.deepStrictEqual(await take(deliveries, 4), ['before the connection', ...texts]);
  // A managed consumer would ask for its queue again when that is deleted.
  await channel.cancelAll();
  await channel.deleteQueue(queue);
});
