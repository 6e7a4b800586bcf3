// Delayed retry, which `delayed_retry` and `classic_retry` show.
'use strict';
const assert = require('node:assert');
const { consume, name, publish, receive, texts } = require('./support');

const LEAST = 150;
const LIMIT = 2;

// Rejects a message of a queue of this type until it is a dead letter.
async function retry(connection, kind) {
  const channel = await connection.createConfirmChannel();
  const [queue, dead] = ['retried', 'dead'].map(name);
  await channel.assertQueue(dead, { exclusive: true });
  await channel.assertQueue(queue, {
    deadLetterExchange: '',
    deadLetterRoutingKey: dead,
    arguments: {
      'x-queue-type': kind,
      'x-delayed-retry-type': 'failed',
      'x-delayed-retry-min': LEAST,
      'x-delayed-retry-max': 10 * LEAST,
      'x-delivery-limit': LIMIT,
    },
  });
  await publish(channel, queue, ['try', 'other']);
  await channel.prefetch(1);
  const jobs = await consume(channel, queue, {});
  let rejected = -Infinity;
  for (let attempt = 0; attempt <= LIMIT; attempt += 1) {
    const job = await jobs.next();
    assert(performance.now() - rejected >= LEAST * attempt, 'it came too early');
    assert.strictEqual(job.properties.headers['x-delivery-count'] ?? 0, attempt);
    rejected = performance.now();
    channel.reject(job, true);
    if (attempt === 0) {
      const other = await jobs.next();
      assert.strictEqual(other.content.toString(), 'other', 'what waits holds up no other');
      channel.ack(other);
    }
  }
  assert.deepStrictEqual(texts(await receive(channel, dead, 1)), ['try']);
  await channel.deleteQueue(queue);
}

module.exports = { retry };
