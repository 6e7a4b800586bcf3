'use strict';
const assert = require('node:assert');
const { randomUUID } = require('node:crypto');
const { connect, consume, name, ok, scenario, take } = require('../support');

const queue = name('rpc_queue');
const CALLS = 5;

const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));

function serve(next) {
  connect('', (connection) => {
    connection.createChannel(ok((channel) => {
      const answer = (request) => {
        const { replyTo, correlationId } = request.properties;
        const result = fib(parseInt(request.content.toString(), 10));
        channel.sendToQueue(replyTo, Buffer.from(result.toString()), { correlationId });
        channel.ack(request);
      };
      channel.assertQueue(queue, { autoDelete: true });
      channel.prefetch(1);
      channel.consume(queue, answer, {}, ok(() => next(connection)));
    }));
  });
}

scenario((connection, done) => {
  serve((server) => connection.createChannel(ok((channel) => {
    channel.assertQueue('', { exclusive: true }, ok(({ queue: callback }) => {
      const calls = new Map();
      for (let n = 10; n < 10 + CALLS; n += 1) calls.set(randomUUID(), n);
      consume(channel, callback, { noAck: true }, (replies) => {
        for (const [correlationId, n] of calls) {
          channel.sendToQueue(queue, Buffer.from(`${n}`), { correlationId, replyTo: callback });
        }
        take(replies, CALLS, (messages) => {
          for (const { properties, content } of messages) {
            assert.strictEqual(content.toString(), `${fib(calls.get(properties.correlationId))}`);
            calls.delete(properties.correlationId);
          }
          assert.strictEqual(calls.size, 0);
          server.close(ok(done));
        });
      });
    }));
  })));
});
