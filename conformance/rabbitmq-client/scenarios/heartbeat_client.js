'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquireConfirming, connect, consume, control, name, next, run, take, within } = support;

run(async () => {
  const connection = await connect({ heartbeat: 1 });
  const [failure, recovered] = [next(connection, 'error'), next(connection, 'connection')];
  const channel = await acquireConfirming(connection);
  const queue = name('held');
  await channel.queueDeclare(queue);
  const deliveries = await consume(channel, queue);
  await channel.basicPublish(queue, 'held');
  const [held] = await take(deliveries, 1);
  assert.strictEqual(held.body, 'held');

  await control('/client/freeze?seconds=5');

  const other = await connect();
  const again = await other.basicGet({ queue, noAck: true });
  assert.deepStrictEqual([again.body, again.redelivered], ['held', true]);
  await within(failure, 'a connection that was given up was not noticed');
  assert.throws(() => channel.basicAck(held), { code: 'CH_CLOSE' });
  await within(recovered, 'the connection did not come back');
  await connection.queueDelete(queue);
});
