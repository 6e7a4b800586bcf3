'use strict';
const assert = require('node:assert');
const { consume, drain, name, publish, scenario } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const queue = name('counting');
  const fields = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1 };
  await channel.assertQueue(queue, { arguments: fields });
  await publish(channel, queue, 'again');
  const jobs = await consume(channel, queue, {});
  // The next delivery, which failed and was handed out so often before.
  const next = async (failed, acquired) => {
    const job = await jobs.next();
    const { headers } = job.properties;
    const counts = ['x-delivery-count', 'x-acquired-count'].map((key) => headers[key] ?? 0);
    assert.deepStrictEqual(counts, [failed, acquired]);
    return job;
  };

  for (let acquired = 0; acquired < 3; acquired += 1) {
    channel.nack(await next(0, acquired), false, true);
  }
  channel.reject(await next(0, 3), true);
  channel.reject(await next(1, 4), true);
  assert.deepStrictEqual([await drain(channel, queue), jobs.messages], [[], []]);
  await channel.deleteQueue(queue);
});
