'use strict';
const assert = require('node:assert');
const { acquireConfirming, bodies, scenario } = require('../support');

const CHANNELS = 1000;

scenario(async (connection) => {
  const channels = [];
  while (channels.length < CHANNELS) channels.push(await acquireConfirming(connection));
  assert.strictEqual(new Set(channels.map(({ id }) => id)).size, CHANNELS);
  const { queue } = await channels[0].queueDeclare({ exclusive: true });
  for (const [number, channel] of channels.entries()) {
    await channel.basicPublish(queue, `${number}`);
    assert.deepStrictEqual(bodies([await channel.basicGet({ queue, noAck: true })]), [`${number}`]);
  }
  for (const channel of channels) await channel.close();
  await (await connection.acquire()).close();
});
