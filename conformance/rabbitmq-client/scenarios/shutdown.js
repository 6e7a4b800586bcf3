'use strict';
const assert = require('node:assert');
const support = require('../support');
const { bodies, connect, control, createPublisher, drain, name, next, run, within } = support;

run(async () => {
  const connection = await connect();
  const [failure, recovered] = [next(connection, 'error'), next(connection, 'connection')];
  const queue = name('durable');
  const publisher = createPublisher(connection, { queues: [{ queue, durable: true }] });
  for (const text of ['1', '2']) await publisher.send({ routingKey: queue, durable: true }, text);

  await control('/broker/stop');
  const reason = await within(failure, 'the end of the broker went unnoticed');
  assert.strictEqual(reason.code, 'CONNECTION_FORCED');

  await control('/broker/start');
  await within(recovered, 'the connection did not come back');
  assert.deepStrictEqual(bodies(await drain(connection, queue)), ['1', '2']);
  await connection.queueDelete(queue);
});
