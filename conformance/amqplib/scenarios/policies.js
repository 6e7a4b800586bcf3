'use strict';
const assert = require('node:assert');
const { accepted, deaths, drain, name, publish, receive, scenario, texts } = require('../support');

const CAUGHT = 'conformance.caught';
const ALL = ['1', '2', '3', '4', '5'];

// Names, arguments, what such queues keep of five messages, and which of them they accept.
const QUEUES = [
  ['ring.policy', {}, ['3', '4', '5'], ALL],
  ['short.ring.policy', { 'x-max-length': 2 }, ['4', '5'], ALL],
  ['long.ring.policy', { 'x-max-length': 10 }, ['3', '4', '5'], ALL],
  ['refusing.ring.policy', { 'x-overflow': 'reject-publish' }, ['1', '2', '3'], ['1', '2', '3']],
  ['bounded.ring.policy', {}, ['4', '5'], ALL],
  ['other.policy', {}, ['1'], ['1']],
];

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  for (const [suffix, fields, kept, taken] of QUEUES) {
    const queue = name(suffix);
    await channel.assertQueue(queue, { exclusive: true, arguments: fields });
    const outcomes = [];
    for (const text of ALL) if (await accepted(channel, queue, text)) outcomes.push(text);
    assert.deepStrictEqual(outcomes, taken, suffix);
    assert.deepStrictEqual(texts(await drain(channel, queue)), kept, suffix);
  }

  await channel.assertExchange(CAUGHT, 'fanout', { durable: false });
  const { queue: caught } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(caught, CAUGHT, '');
  const mortal = name('mortal.policy');
  await channel.assertQueue(mortal, { exclusive: true });
  await publish(channel, mortal, 'mortal');
  const [message] = await receive(channel, caught, 1);
  assert.strictEqual(message.content.toString(), 'mortal');
  assert.deepStrictEqual(deaths(message), [[mortal, 'expired', 1]]);

  const exchange = name('exchange.policy');
  await channel.assertExchange(exchange, 'topic', { durable: false });
  await publish(channel, 'nowhere', 'caught', { exchange });
  const [{ fields, content }] = await drain(channel, caught);
  const found = [fields.exchange, fields.routingKey, content.toString()];
  assert.deepStrictEqual(found, [exchange, 'nowhere', 'caught']);
  await channel.deleteExchange(exchange);
});
