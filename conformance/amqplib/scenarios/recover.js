'use strict';
const assert = require('node:assert');
const { consume, publish, scenario, texts } = require('../support');

const redelivered = (messages) => messages.map((message) => message.fields.redelivered);

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await publish(channel, queue, ['1', '2', '3']);
  const deliveries = await consume(channel, queue, {});
  const first = await deliveries.take(3);
  assert.deepStrictEqual(redelivered(first), [false, false, false]);
  channel.ack(first[1]);

  await channel.recover();

  const again = await deliveries.take(2);
  assert.deepStrictEqual(texts(again), ['1', '3']);
  assert.deepStrictEqual(redelivered(again), [true, true]);
  channel.ack(again[1], true);
  await channel.close();
  const { messageCount } = await (await connection.createChannel()).checkQueue(queue);
  assert.strictEqual(messageCount, 0);
});
