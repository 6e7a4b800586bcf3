'use strict';
const assert = require('node:assert');
const { scenario, settled, texts } = require('../support');

async function consume(channel, queue, options = {}) {
  const deliveries = [];
  await channel.consume(queue, (message) => deliveries.push(message), options);
  return deliveries;
}

async function priorities(connection) {
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.prefetch(1);
  const low = await consume(channel, queue, { priority: -1 });
  const high = await consume(channel, queue, { priority: 10 });
  for (const text of ['1', '2', '3']) channel.sendToQueue(queue, Buffer.from(text));
  await settled([high, 1], [low, 1]);
  assert.deepStrictEqual([texts(high), texts(low)], [['1'], ['2']]);
  channel.ack(high[0]);
  await settled([high, 2], [low, 1]);
  assert.deepStrictEqual([texts(high), texts(low)], [['1', '3'], ['2']]);
}

async function singleActive(connection) {
  const [first, second, third] = await Promise.all(
    [1, 2, 3].map(() => connection.createChannel()),
  );
  const { queue } = await first.assertQueue('', {
    exclusive: true,
    arguments: { 'x-single-active-consumer': true },
  });
  const active = await consume(first, queue);
  const waiting = await consume(second, queue);
  for (const text of ['1', '2']) first.sendToQueue(queue, Buffer.from(text));
  await settled([active, 2], [waiting, 0]);
  assert.deepStrictEqual(texts(active), ['1', '2']);
  await first.close();
  await settled([waiting, 2]);
  assert.deepStrictEqual(texts(waiting), ['1', '2']);
  assert(waiting.every((message) => message.fields.redelivered));
  third.on('error', () => {});
  await assert.rejects(consume(third, queue, { exclusive: true }), /403/);
}

scenario(async (connection) => {
  await priorities(connection);
  await singleActive(connection);
});
