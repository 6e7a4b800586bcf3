'use strict';
const assert = require('node:assert');
const { drain, publish, scenario, texts } = require('../support');

const CHANNELS = 1000;

scenario(async (connection) => {
  const channels = [];
  while (channels.length < CHANNELS) channels.push(await connection.createConfirmChannel());
  const { queue } = await channels[0].assertQueue('', { exclusive: true });
  for (const [number, channel] of channels.entries()) {
    await publish(channel, queue, `${number}`);
    assert.deepStrictEqual(texts(await drain(channel, queue)), [`${number}`]);
  }
  for (const channel of channels) await channel.close();
  await (await connection.createChannel()).close();
});
