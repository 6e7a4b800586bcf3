'use strict';
const assert = require('node:assert');
const { name, scenario } = require('../support');

const queue = name('polled');

scenario(async (connection) => {
  const channel = await connection.createChannel();
  await channel.assertQueue(queue, { durable: false });
  assert.strictEqual(await channel.get(queue), false);

  for (const text of ['one', 'two', 'three']) channel.sendToQueue(queue, Buffer.from(text));
  const one = await channel.get(queue, { noAck: true });
  assert.strictEqual(one.content.toString(), 'one');
  assert.strictEqual(one.fields.messageCount, 2);
  assert.strictEqual(one.fields.redelivered, false);
  assert.strictEqual(one.fields.exchange, '');
  assert.strictEqual(one.fields.routingKey, queue);
  const two = await channel.get(queue);
  assert.strictEqual(two.content.toString(), 'two');
  channel.ack(two);
  assert.strictEqual((await channel.get(queue)).content.toString(), 'three');
  assert.strictEqual(await channel.get(queue), false);
  await channel.close();

  const again = await connection.createChannel();
  const three = await again.get(queue, { noAck: true });
  assert.strictEqual(three.content.toString(), 'three');
  assert.strictEqual(three.fields.redelivered, true);
  await again.deleteQueue(queue);
});
