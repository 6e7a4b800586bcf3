'use strict';
const assert = require('node:assert');
const { connect, control, name, next, pause, scenario, take, within } = require('../support');

const queue = name('blocked');

scenario(async (publisher) => {
  const outgoing = publisher.createChannel();
  const consumer = connect();
  const incoming = consumer.createChannel({
    setup: (raw) => raw.assertQueue(queue, { autoDelete: true }),
  });
  const deliveries = [];
  await within(incoming.waitForConnect(), 'not connected');
  await incoming.consume(queue, (message) => deliveries.push(message), { noAck: true });
  await outgoing.sendToQueue(queue, 'before');
  assert.deepStrictEqual(await take(deliveries, 1), ['before']);
  const [blocked, unblocked] = [next(publisher, 'blocked'), next(publisher, 'unblocked')];

  await control('/broker/block');
  const published = outgoing.sendToQueue(queue, 'meanwhile');
  assert.deepStrictEqual(await within(blocked, 'not told'), { reason: 'low on memory' });
  await pause(0.3);
  assert.deepStrictEqual(deliveries, []);
  assert.strictEqual((await incoming.checkQueue(queue)).consumerCount, 1);

  await control('/broker/unblock');
  await within(unblocked, 'not told of the end');
  await within(published, 'not confirmed');
  assert.deepStrictEqual(await take(deliveries, 1), ['meanwhile']);
  await consumer.close();
});
