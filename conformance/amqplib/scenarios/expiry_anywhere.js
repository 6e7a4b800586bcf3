'use strict';
const assert = require('node:assert');
const { drain, name, receive, scenario, texts } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createChannel();
  const [queue, dead] = ['lasting', 'dead'].map(name);
  await channel.assertQueue(dead, { exclusive: true });
  const letters = { deadLetterExchange: '', deadLetterRoutingKey: dead };
  await channel.assertQueue(queue, { exclusive: true, ...letters });
  channel.sendToQueue(queue, Buffer.from('stays'));
  for (const [text, expiration] of [['second', 400], ['first', 100], ['stays too', 600_000]]) {
    channel.sendToQueue(queue, Buffer.from(text), { expiration });
  }
  assert.deepStrictEqual(texts(await receive(channel, dead, 2)), ['first', 'second']);
  assert.deepStrictEqual(texts(await drain(channel, queue)), ['stays', 'stays too']);
});
