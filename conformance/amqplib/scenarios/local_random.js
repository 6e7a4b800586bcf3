'use strict';
const assert = require('node:assert');
const { drain, name, publish, refused, scenario, texts } = require('../support');

const SENT = Array.from({ length: 60 }, (_, number) => `${number}`);

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const exchange = name('local');
  const queues = ['0', '1', '2'].map(name);
  await channel.assertExchange(exchange, 'x-local-random', { autoDelete: true });
  for (const queue of queues) {
    await channel.assertQueue(queue, { exclusive: true });
    await channel.bindQueue(queue, exchange, '');
  }
  await publish(channel, 'any', SENT, { exchange });
  const shares = [];
  for (const queue of queues) shares.push(texts(await drain(channel, queue)));
  assert.deepStrictEqual(shares.flat().sort(), [...SENT].sort());
  assert(shares.every((share) => share.length > 0));

  const bind = (other) => other.bindQueue(queues[0], exchange, 'key');
  await refused(connection, 406, "Non empty binding 'key' key not permitted", bind);
});
