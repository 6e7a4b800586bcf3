'use strict';
const assert = require('node:assert');
const { bodies, consume, name, scenario } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createChannel();
  const doomed = name('doomed');
  await channel.assertQueue(doomed, { durable: false });
  const deliveries = await consume(channel, doomed);
  channel.sendToQueue(doomed, Buffer.from('before'));
  assert.strictEqual((await deliveries.next()).content.toString(), 'before');

  await (await connection.createChannel()).deleteQueue(doomed);

  assert.strictEqual(await deliveries.next(), null, 'null tells that the consumer is cancelled');
  const { queue } = await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.from('after'));
  assert.deepStrictEqual(await bodies(channel, queue, 1), ['after']);
});
