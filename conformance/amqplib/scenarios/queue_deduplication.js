'use strict';
const assert = require('node:assert');
const { drain, name, publish, scenario, texts } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const queue = name('unique');
  const options = { exclusive: true, arguments: { 'x-message-deduplication': true } };
  await channel.assertQueue(queue, options);
  const put = (text, value) =>
    publish(channel, queue, text, { headers: { 'x-deduplication-header': value } });

  await put('1', 'a');
  await put('2', 'a');
  await put('3', 'b');
  await publish(channel, queue, ['4', '5']);
  const first = await channel.get(queue);
  assert.strictEqual(first.content.toString(), '1');
  await put('6', 'a');
  channel.ack(first);
  await put('7', 'a');
  assert.deepStrictEqual(texts(await drain(channel, queue)), ['3', '4', '5', '7']);
});
