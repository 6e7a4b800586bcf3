'use strict';
const assert = require('node:assert');
const { consume, scenario } = require('../support');

const texts = (messages) => messages.map((message) => message.content.toString());

scenario(async (connection) => {
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (let number = 0; number < 5; number += 1) {
    channel.sendToQueue(queue, Buffer.from(number.toString()));
  }

  const messages = [];
  for (let number = 0; number < 5; number += 1) messages.push(await channel.get(queue));
  channel.nack(messages[3], false, true);
  channel.reject(messages[1], true);
  channel.reject(messages[4], false);
  const again = [await channel.get(queue), await channel.get(queue)];
  assert.deepStrictEqual(texts(again), ['1', '3']);
  assert.ok(again.every((message) => message.fields.redelivered));

  channel.nackAll(true);
  const deliveries = await consume(channel, queue, { noAck: false });
  const came = await deliveries.take(4);
  assert.deepStrictEqual(texts(came), ['0', '1', '2', '3']);
  assert.ok(came.every((message) => message.fields.redelivered));
  await channel.cancel(deliveries.consumerTag);
  await channel.recover();
  const { messageCount } = await channel.checkQueue(queue);
  assert.strictEqual(messageCount, 4);
});
