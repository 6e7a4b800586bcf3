'use strict';
const assert = require('node:assert');
const { drain, name, publish, refused, scenario, texts } = require('../support');

const LENGTH = 'x-recent-history-length';

const declare = (channel, exchange, length) =>
  channel.assertExchange(exchange, 'x-recent-history', {
    autoDelete: true,
    arguments: { [LENGTH]: length },
  });

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const [exchange, present, late] = ['history', 'present', 'late'].map(name);
  await declare(channel, exchange, 3);
  for (const queue of [present, late]) await channel.assertQueue(queue, { exclusive: true });
  await channel.bindQueue(present, exchange, '');
  for (const text of ['1', '2', '3', '4', '5']) {
    await publish(channel, `key.${text}`, text, { exchange });
  }
  const headers = { 'x-recent-history-no-store': true };
  await publish(channel, '', 'secret', { exchange, headers });
  const all = ['1', '2', '3', '4', '5', 'secret'];
  assert.deepStrictEqual(texts(await drain(channel, present)), all);

  await channel.bindQueue(late, exchange, '');
  await publish(channel, 'key.6', '6', { exchange });
  const messages = await drain(channel, late);
  assert.deepStrictEqual(texts(messages), ['3', '4', '5', '6']);
  for (const { fields, content } of messages) {
    assert.deepStrictEqual([fields.exchange, fields.routingKey], [exchange, `key.${content}`]);
  }

  const text = `Invalid argument 0, '${LENGTH}' must be a positive integer`;
  await refused(connection, 406, text, (other) => declare(other, name('wrong'), 0));
});
