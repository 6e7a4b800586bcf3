'use strict';
const assert = require('node:assert');
const { bodies, connect, name, scenario } = require('../support');

const queue = name('hello');

scenario(async (receiver) => {
  const sender = await connect();
  const sending = await sender.createChannel();
  await sending.assertQueue(queue, { durable: false });
  sending.sendToQueue(queue, Buffer.from('Hello World!'));
  await sending.close();
  await sender.close();

  const channel = await receiver.createChannel();
  await channel.assertQueue(queue, { durable: false });
  assert.deepStrictEqual(await bodies(channel, queue, 1), ['Hello World!']);
  await channel.deleteQueue(queue);
});
