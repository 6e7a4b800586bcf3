'use strict';
const assert = require('node:assert');
const { drain, name, publish, refused, scenario, texts } = require('../support');

const KIND = 'x-message-deduplication';

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const [exchange, queue] = ['unique', 'once'].map(name);
  const options = { autoDelete: true, arguments: { 'x-cache-size': 2 } };
  await channel.assertExchange(exchange, KIND, options);
  await channel.assertQueue(queue, { exclusive: true });
  await channel.bindQueue(queue, exchange, '');
  for (const text of ['a1', 'a2', 'b1', 'b2', 'c1', 'a3', 'c2']) {
    const headers = { 'x-deduplication-header': text[0] };
    await publish(channel, '', text, { exchange, headers });
  }
  await publish(channel, '', ['unmarked', 'unmarked'], { exchange });
  const found = texts(await drain(channel, queue));
  assert.deepStrictEqual(found, ['a1', 'b1', 'c1', 'a3', 'unmarked', 'unmarked']);

  const text = "Missing or invalid argument, 'x-cache-size' must be an integer greater than 0";
  await refused(connection, 406, text, (other) => other.assertExchange(name('none'), KIND));
});
