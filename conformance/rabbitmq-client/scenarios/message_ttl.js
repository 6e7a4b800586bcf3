'use strict';
const assert = require('node:assert');
const support = require('../support');
const { bodies, createConsumer, createPublisher, deaths, drain, name } = support;
const { receive, refuseArguments, refused, scenario, take } = support;

const [dead, kept, instant] = ['dead', 'kept', 'instant'].map(name);
const INVALID = "invalid arg 'x-message-ttl' for queue '{queue}' in vhost '/': ";
const CASES = [
  [{ 'x-message-ttl': -1 }, `${INVALID}{value_negative,-1}`],
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

const mortal = (queue, ttl) => ({ queue, exclusive: true, arguments: { 'x-message-ttl': ttl } });

scenario(async (connection) => {
  const publisher = createPublisher(connection);
  await connection.queueDeclare({ queue: dead, exclusive: true });
  for (const [ttl, expiration, told] of LIFETIMES) {
    const queue = name(`${ttl}.${expiration}`);
    const options = mortal(queue, ttl);
    const letters = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
    await connection.queueDeclare({ ...options, arguments: { ...options.arguments, ...letters } });
    await publisher.send({ routingKey: queue, expiration }, 'mortal');
    const [message] = await receive(connection, dead, 1);
    assert.deepStrictEqual(deaths(message), [[queue, 'expired', 1]]);
    assert.strictEqual(message.headers['x-death'][0]['original-expiration'], told);
    assert.strictEqual(message.expiration, undefined);
    assert.deepStrictEqual(await drain(connection, queue), []);
  }

  await connection.queueDeclare(mortal(kept, 600_000));
  await publisher.send(kept, 'by queue');
  await publisher.send({ routingKey: kept, expiration: '500000' }, 'by both');
  const messages = await drain(connection, kept);
  assert.deepStrictEqual(bodies(messages), ['by queue', 'by both']);
  assert.deepStrictEqual(messages.map(({ expiration }) => expiration), [undefined, '500000']);

  const deliveries = [];
  const options = { queue: instant, queueOptions: mortal(instant, 0) };
  await createConsumer(connection, options, (message) => {
    deliveries.push(message);
  });
  await publisher.send(instant, 'in time');
  assert.deepStrictEqual(bodies(await take(deliveries, 1)), ['in time']);

  await refuseArguments(connection, CASES);
  for (const [expiration, why] of [['soon', 'no_integer'], ['-1', '{value_negative,-1}']]) {
    const text = `PRECONDITION_FAILED - invalid expiration '${expiration}': ${why}`;
    const put = () => publisher.send({ routingKey: kept, expiration }, 'x');
    await refused(connection, 'PRECONDITION_FAILED', text, put);
  }
});
