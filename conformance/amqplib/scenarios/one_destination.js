'use strict';
const assert = require('node:assert');
const { drain, name, publish, scenario, texts } = require('../support');

const KEYS = Array.from({ length: 30 }, (_, number) => `${number}`);
const EACH = 2;

// What each of three queues gets of messages with 30 keys, twice each.
async function shares(channel, kind) {
  const { exchange } = await channel.assertExchange(name(kind), kind, { autoDelete: true });
  const queues = ['0', '1', '2'].map((number) => name(`${kind}.${number}`));
  for (const queue of queues) {
    await channel.assertQueue(queue, { exclusive: true });
    await channel.bindQueue(queue, exchange, 'ignored');
  }
  const sent = Array(EACH).fill(KEYS).flat();
  for (const key of sent) await publish(channel, key, key, { exchange });
  const found = [];
  for (const queue of queues) found.push(texts(await drain(channel, queue)));
  assert.deepStrictEqual(found.flat().sort(), sent.sort());
  assert(found.every((share) => share.length > 0));
  return found;
}

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  await shares(channel, 'x-random');
  const byKey = await shares(channel, 'x-modulus-hash');
  const distinct = byKey.map((share) => [...new Set(share)]);
  assert.deepStrictEqual(distinct.flat().sort(), [...KEYS].sort());
});
