'use strict';
const assert = require('node:assert');
const { connect, control, drain, name, publish, run, texts, within } = require('../support');

run(async () => {
  const connection = await connect();
  const closed = new Promise((resolve) => connection.once('close', resolve));
  const queue = name('durable');
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue);
  await publish(channel, queue, ['1', '2'], { persistent: true });

  await control('/broker/stop');
  const reason = await within(closed, 'the end of the broker went unnoticed');
  assert.strictEqual(reason.code, 320);
  assert.match(reason.message, /CONNECTION_FORCED/);

  await control('/broker/start');
  const another = await connect();
  const draining = await another.createChannel();
  assert.deepStrictEqual(texts(await drain(draining, queue)), ['1', '2']);
  await draining.deleteQueue(queue);
  await another.close();
});
