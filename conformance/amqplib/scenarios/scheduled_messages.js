'use strict';
const assert = require('node:assert');
const { consume, name, scenario } = require('../support');

const DELAY = 300;

scenario(async (connection) => {
  const channel = await connection.createChannel();
  const queue = name('scheduled');
  await channel.assertQueue(queue, { exclusive: true, arguments: { 'x-delayed': true } });
  const published = performance.now();
  const put = (text, headers) => channel.sendToQueue(queue, Buffer.from(text), { headers });
  put('last', { 'x-delay': 2 * DELAY });
  put('later', { 'x-delay': DELAY });
  put('now', {});
  const deliveries = await consume(channel, queue);
  for (const [text, after] of [['now', 0], ['later', DELAY], ['last', 2 * DELAY]]) {
    assert.strictEqual((await deliveries.next()).content.toString(), text);
    assert(performance.now() - published >= after, 'it came too early');
  }
});
