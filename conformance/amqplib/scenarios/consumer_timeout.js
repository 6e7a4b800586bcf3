'use strict';
const assert = require('node:assert');
const { consume, name, receive, scenario, within } = require('../support');

scenario(async (connection) => {
  const watcher = await connection.createChannel();
  const channel = await connection.createChannel();
  const closed = new Promise((resolve) => {
    channel.once('error', resolve);
  });
  const queue = name('impatient');
  const options = { exclusive: true, arguments: { 'x-consumer-timeout': 200 } };
  await watcher.assertQueue(queue, options);
  watcher.sendToQueue(queue, Buffer.from('held'));
  await (await consume(channel, queue, {})).next();
  const error = await within(closed, 'the channel was not closed');
  assert.strictEqual(error.code, 406);
  assert.match(error.message, /delivery acknowledgement on channel \d+ timed out/);
  assert.match(error.message, /Timeout value used: 200 ms/);
  const [again] = await receive(watcher, queue, 1);
  assert.deepStrictEqual([again.content.toString(), again.fields.redelivered], ['held', true]);
});
