'use strict';
const assert = require('node:assert');
const { connect, createPublisher, name, receive, scenario } = require('../support');

const queue = name('hello');

scenario(async (receiver) => {
  const sender = await connect();
  const publisher = createPublisher(sender, { queues: [{ queue }] });
  await publisher.send(queue, 'Hello World!');
  await publisher.close();
  await sender.close();

  const [message] = await receive(receiver, queue, 1);
  assert.deepStrictEqual([message.body, message.contentType], ['Hello World!', 'text/plain']);
  await receiver.queueDelete(queue);
});
