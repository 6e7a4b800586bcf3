// The library rejects with basic.nack, which is no failure; a channel that closes with its job is.
'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquire, bodies, consume, createPublisher, name, receive, scenario, take } = support;

const LEAST = 150;
const LIMIT = 2;

// Waits for its turn, and then holds one job at a time.
async function startWorker(connection, queue) {
  const channel = await acquire(connection);
  await channel.basicQos({ prefetchCount: 1 });
  return { channel, jobs: await consume(channel, queue) };
}

scenario(async (connection) => {
  const [queue, dead] = ['retried', 'dead'].map(name);
  const fields = {
    'x-queue-type': 'quorum',
    'x-delayed-retry-type': 'failed',
    'x-delayed-retry-min': LEAST,
    'x-delayed-retry-max': 10 * LEAST,
    'x-delivery-limit': LIMIT,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': dead,
    'x-single-active-consumer': true,
  };
  await connection.queueDeclare({ queue: dead, exclusive: true });
  await connection.queueDeclare({ queue, durable: true, arguments: fields });
  const publisher = createPublisher(connection);
  for (const text of ['try', 'other']) await publisher.send(queue, text);

  let worker = await startWorker(connection, queue);
  let failed = -Infinity;
  for (let attempt = 0; attempt <= LIMIT; attempt += 1) {
    const [job] = await take(worker.jobs, 1);
    assert(performance.now() - failed >= LEAST * attempt, 'it came too early');
    assert.deepStrictEqual([job.body, job.headers?.['x-delivery-count'] ?? 0], ['try', attempt]);
    const successor = await startWorker(connection, queue);
    failed = performance.now();
    await worker.channel.close();
    worker = successor;
    if (attempt === 0) {
      const [other] = await take(worker.jobs, 1);
      assert.strictEqual(other.body, 'other', 'what waits holds up no other');
      worker.channel.basicAck(other);
    }
  }
  assert.deepStrictEqual(bodies(await receive(connection, dead, 1)), ['try']);
  await connection.queueDelete(queue);
});
