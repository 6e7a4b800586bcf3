'use strict';
const assert = require('node:assert');
const support = require('../support');
const { consume, deaths, drain, name, publish, receive, refused, scenario, texts } = support;

const INVALID = "invalid arg 'x-message-ttl' for queue '{queue}' in vhost '/': ";
const CASES = [
  [{ 'x-message-ttl': -1 }, `${INVALID}{value_negative,-1}`],
  [{ 'x-message-ttl': 315360000001 }, `${INVALID}{value_too_large,315360000001}`],
  [{ 'x-message-ttl': '150' }, `${INVALID}"expected integer, got longstr"`],
];

// A queue's TTL, a message's expiration, and what the death of the message says of the latter.
const LIFETIMES = [
  [150, undefined, undefined],
  [undefined, '150', '150'],
  [600_000, '150', '150'],
  [150, '600000', '600000'],
  [0, undefined, undefined],
  [undefined, '0', '0'],
];

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const [dead, kept, instant] = ['dead', 'kept', 'instant'].map(name);
  await channel.assertQueue(dead, { exclusive: true });
  await channel.assertQueue(kept, { exclusive: true, messageTtl: 600_000 });
  await channel.assertQueue(instant, { exclusive: true, messageTtl: 0 });

  for (const [messageTtl, expiration, told] of LIFETIMES) {
    const queue = name(`${messageTtl}.${expiration}`);
    const letters = { deadLetterExchange: '', deadLetterRoutingKey: dead };
    await channel.assertQueue(queue, { exclusive: true, messageTtl, ...letters });
    await publish(channel, queue, 'mortal', { expiration });
    const [message] = await receive(channel, dead, 1);
    assert.deepStrictEqual(deaths(message), [[queue, 'expired', 1]]);
    assert.strictEqual(message.properties.headers['x-death'][0]['original-expiration'], told);
    assert.strictEqual(message.properties.expiration, undefined);
    assert.deepStrictEqual(await drain(channel, queue), []);
  }

  await publish(channel, kept, 'by queue');
  await publish(channel, kept, 'by both', { expiration: 500_000 });
  const messages = await drain(channel, kept);
  assert.deepStrictEqual(texts(messages), ['by queue', 'by both']);
  const expirations = messages.map((message) => message.properties.expiration);
  assert.deepStrictEqual(expirations, [undefined, '500000']);

  const deliveries = await consume(channel, instant);
  await publish(channel, instant, 'in time');
  assert.deepStrictEqual(texts(await deliveries.take(1)), ['in time']);

  await support.refuseArguments(connection, CASES);
  for (const [expiration, why] of [['soon', 'no_integer'], ['-1', '{value_negative,-1}']]) {
    const text = `PRECONDITION_FAILED - invalid expiration '${expiration}': ${why}`;
    const put = (other) => other.sendToQueue(kept, Buffer.from('x'), { expiration });
    await refused(connection, 406, text, put);
  }
});
