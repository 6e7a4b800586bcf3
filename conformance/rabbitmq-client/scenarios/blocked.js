// A blocked connection's socket is corked: what it publishes waits in the client.
'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquire, bodies, connect, consume, control, createPublisher } = support;
const { eventually, pause, scenario, take } = support;

scenario(async (connection) => {
  const told = [];
  connection.on('connection.blocked', (reason) => told.push(reason));
  connection.on('connection.unblocked', () => told.push('unblocked'));
  const publisher = createPublisher(connection);
  const incoming = await acquire(await connect());
  const { queue } = await incoming.queueDeclare({ autoDelete: true });
  const deliveries = await consume(incoming, queue, { noAck: true });
  await publisher.send(queue, 'before');
  assert.deepStrictEqual(bodies(await take(deliveries, 1)), ['before']);

  await control('/broker/block');
  const published = publisher.send(queue, 'meanwhile');
  await eventually(() => told.length > 0);
  assert.deepStrictEqual(told, ['low on memory']);
  assert.strictEqual(connection.ready, false);
  await pause(0.3);
  assert.deepStrictEqual(deliveries.splice(0), []);
  const { consumerCount } = await incoming.queueDeclare({ queue, passive: true });
  assert.strictEqual(consumerCount, 1);

  await control('/broker/unblock');
  await published;
  assert.deepStrictEqual(bodies(await take(deliveries, 1)), ['meanwhile']);
  await eventually(() => told.length > 1);
  assert.deepStrictEqual(told, ['low on memory', 'unblocked']);
});
