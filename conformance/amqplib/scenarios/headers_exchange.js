'use strict';
const assert = require('node:assert');
const { drain, name, publish, refused, scenario, texts } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const exchange = name('headers');
  await channel.assertExchange(exchange, 'headers', { autoDelete: true });
  const queues = {};
  for (const match of ['all', 'any']) {
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const wanted = { 'x-match': match, format: 'pdf', pages: 2 };
    await channel.bindQueue(queue, exchange, 'ignored', wanted);
    queues[match] = queue;
  }

  await publish(channel, '', 'both', { exchange, headers: { format: 'pdf', pages: 2, x: 1 } });
  await publish(channel, '', 'one', { exchange, headers: { format: 'pdf', pages: 3 } });
  await publish(channel, '', 'none', { exchange, headers: { format: 'PDF' } });
  await publish(channel, '', 'bare', { exchange });

  assert.deepStrictEqual(texts(await drain(channel, queues.all)), ['both']);
  assert.deepStrictEqual(texts(await drain(channel, queues.any)), ['both', 'one']);

  const wrong = (other) => other.bindQueue(queues.all, exchange, '', { 'x-match': 'some' });
  await refused(connection, 406, 'Invalid x-match field value', wrong);
});
