'use strict';
const assert = require('node:assert');
const support = require('../support');
const { consume, inTurn, name, ok, publish, receive, scenario, take, texts } = support;

const LEAST = 150;
const RETRIES = [1, 2];

// Goes on with a channel that consumes both messages of its queue one by one.
function prepare(connection, queue, dead, next) {
  const options = {
    deadLetterExchange: '',
    deadLetterRoutingKey: dead,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delayed-retry-type': 'failed',
      'x-delayed-retry-min': LEAST,
      'x-delayed-retry-max': 10 * LEAST,
      'x-delivery-limit': RETRIES.length,
    },
  };
  connection.createConfirmChannel(ok((channel) => {
    channel.assertQueue(dead, { exclusive: true });
    channel.prefetch(1);
    channel.assertQueue(queue, options, ok(() => {
      publish(channel, queue, ['try', 'other'], {}, () => {
        consume(channel, queue, {}, (jobs) => next(channel, jobs));
      });
    }));
  }));
}

scenario((connection, done) => {
  const [queue, dead] = ['retried', 'dead'].map(name);
  prepare(connection, queue, dead, (channel, jobs) => {
    let rejected = -Infinity;
    const attempt = (number, then) => take(jobs, 1, ([job]) => {
      assert(performance.now() - rejected >= LEAST * number, 'it came too early');
      assert.strictEqual(job.properties.headers['x-delivery-count'] ?? 0, number);
      rejected = performance.now();
      channel.reject(job, true);
      then();
    });
    const other = (then) => take(jobs, 1, ([job]) => {
      assert.strictEqual(job.content.toString(), 'other', 'what waits holds up no other');
      channel.ack(job);
      then();
    });
    attempt(0, () => other(() => inTurn(RETRIES, attempt, () => {
      receive(channel, dead, 1, (messages) => {
        assert.deepStrictEqual(texts(messages), ['try']);
        channel.deleteQueue(queue, {}, ok(done));
      });
    })));
  });
});
