'use strict';
const assert = require('node:assert');
const { randomUUID } = require('node:crypto');
const { connect, name, receive, scenario } = require('../support');

const queue = name('rpc_queue');
const CALLS = 5;

const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));

async function serve() {
  const connection = await connect();
  const channel = await connection.createChannel();
  await channel.assertQueue(queue, { durable: false });
  await channel.prefetch(1);
  await channel.consume(queue, (request) => {
    const { replyTo, correlationId } = request.properties;
    const result = fib(parseInt(request.content.toString(), 10));
    channel.sendToQueue(replyTo, Buffer.from(result.toString()), { correlationId });
    channel.ack(request);
  });
  return connection;
}

scenario(async (connection) => {
  const server = await serve();
  const channel = await connection.createChannel();
  const { queue: callback } = await channel.assertQueue('', { exclusive: true });
  const calls = new Map();
  for (let n = 10; n < 10 + CALLS; n += 1) calls.set(randomUUID(), n);
  for (const [correlationId, n] of calls) {
    channel.sendToQueue(queue, Buffer.from(n.toString()), { correlationId, replyTo: callback });
  }

  for (const reply of await receive(channel, callback, CALLS)) {
    const { correlationId } = reply.properties;
    assert.strictEqual(reply.content.toString(), fib(calls.get(correlationId)).toString());
    calls.delete(correlationId);
  }
  assert.strictEqual(calls.size, 0);
  await server.close();
  await channel.deleteQueue(queue);
});
