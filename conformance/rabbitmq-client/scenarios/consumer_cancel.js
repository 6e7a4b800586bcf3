// The broker's basic.cancel ends a consumer of a channel; a Consumer declares its queue again.
'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquireConfirming, bodies, consume, createConsumer, createPublisher } = support;
const { drain, event, name, scenario, take } = support;

async function ofChannel(connection) {
  const channel = await acquireConfirming(connection);
  const doomed = name('doomed');
  await channel.queueDeclare(doomed);
  const deliveries = await consume(channel, doomed, { noAck: true });
  await channel.basicPublish(doomed, 'before');
  assert.deepStrictEqual(bodies(await take(deliveries, 1)), ['before']);
  const cancelled = event(channel, 'basic.cancel');

  await connection.queueDelete(doomed);

  assert.strictEqual(await cancelled, deliveries.consumerTag);
  const { queue } = await channel.queueDeclare({ exclusive: true });
  await channel.basicPublish(queue, 'after');
  assert.deepStrictEqual(bodies(await drain(connection, queue)), ['after']);
}

async function ofConsumer(connection) {
  const queue = name('declared again');
  const messages = [];
  const options = { queue, queueOptions: { autoDelete: true } };
  const consumer = await createConsumer(connection, options, (message) => {
    messages.push(message);
  });
  const [error, ready] = [event(consumer, 'error'), event(consumer, 'ready')];
  await connection.queueDelete(queue);
  assert.strictEqual((await error).code, 'CANCEL_FORCED');
  await ready;
  await createPublisher(connection).send(queue, 'after');
  assert.deepStrictEqual(bodies(await take(messages, 1)), ['after']);
}

scenario(async (connection) => {
  await ofChannel(connection);
  await ofConsumer(connection);
});
