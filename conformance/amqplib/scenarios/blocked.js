'use strict';
const assert = require('node:assert');
const { connect, consume, control, eventually, pause, publish, scenario } = require('../support');

scenario(async (publisher) => {
  const told = [];
  publisher.on('blocked', (reason) => told.push(reason));
  publisher.on('unblocked', () => told.push('unblocked'));
  const outgoing = await publisher.createConfirmChannel();
  const consumer = await connect();
  const incoming = await consumer.createChannel();
  const { queue } = await incoming.assertQueue('', { autoDelete: true });
  const deliveries = await consume(incoming, queue);
  await publish(outgoing, queue, 'before');
  assert.strictEqual((await deliveries.next()).content.toString(), 'before');

  await control('/broker/block');
  const published = publish(outgoing, queue, 'meanwhile');
  await eventually(() => told.length > 0);
  assert.deepStrictEqual(told, ['low on memory']);
  await pause(0.3);
  assert.deepStrictEqual(deliveries.messages, []);
  assert.strictEqual((await incoming.checkQueue(queue)).consumerCount, 1);

  await control('/broker/unblock');
  await published;
  assert.strictEqual((await deliveries.next()).content.toString(), 'meanwhile');
  await eventually(() => told.length > 1);
  assert.deepStrictEqual(told, ['low on memory', 'unblocked']);
  await consumer.close();
});
