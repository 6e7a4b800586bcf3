'use strict';
const assert = require('node:assert');
const { deaths, drain, name, publish, receive, scenario, texts } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const [exchange, circle, witness] = ['dlx', 'circle', 'witness'].map(name);
  await channel.assertExchange(exchange, 'fanout', { autoDelete: true });
  const dying = { messageTtl: 150, deadLetterExchange: exchange };
  await channel.assertQueue(circle, { exclusive: true, ...dying });
  await channel.assertQueue(witness, { exclusive: true });
  for (const queue of [circle, witness]) await channel.bindQueue(queue, exchange, '');

  // Were the first let in again, it would have died again before the second.
  for (const text of ['first', 'second']) {
    await publish(channel, circle, text);
    const messages = await receive(channel, witness, 1);
    assert.deepStrictEqual(texts(messages), [text]);
    assert.deepStrictEqual(deaths(messages[0]), [[circle, 'expired', 1]]);
  }
  for (const queue of [circle, witness]) assert.deepStrictEqual(await drain(channel, queue), []);
});
