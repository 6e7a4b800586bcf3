'use strict';
const assert = require('node:assert');
const { closedAtEnd, connect, createConsumer, name, scenario } = require('../support');

const queue = name('rpc_queue');

const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));

scenario(async (connection) => {
  const server = await connect();
  const options = { queue, queueOptions: { autoDelete: true }, qos: { prefetchCount: 1 } };
  await createConsumer(server, options, async (request, reply) => {
    await reply(fib(request.body));
  });

  // Replies come by direct reply-to, and are told apart by their correlation ids.
  const client = closedAtEnd(connection.createRPCClient({ confirm: true }));
  const numbers = [10, 11, 12, 13, 14];
  const replies = await Promise.all(numbers.map((n) => client.send(queue, n)));
  assert.deepStrictEqual(replies.map(({ body }) => body), numbers.map(fib));
});
