'use strict';
const assert = require('node:assert');
const support = require('../support');
const { createConsumer, createPublisher, drain, eventually, isThere } = support;
const { name, pause, refuseArguments, scenario } = support;

const EXPIRES = 0.8;
const [idle, used, dead] = ['idle', 'used', 'dead'].map(name);
const INVALID = "invalid arg 'x-expires' for queue '{queue}' in vhost '/': ";
const CASES = [
  [{ 'x-expires': 0 }, `${INVALID}{value_zero,0}`],
  [{ 'x-expires': -1 }, `${INVALID}{value_negative,-1}`],
];

// Waits until a queue is gone; to look is to use it, so this looks seldom.
const gone = (connection, queue) =>
  eventually(async () => {
    const check = (channel) => channel.queueDeclare({ queue, passive: true });
    const is = await isThere(connection, check);
    if (is) await pause(1.25 * EXPIRES);
    return !is;
  });

scenario(async (connection) => {
  const expires = {
    'x-expires': EXPIRES * 1000,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': dead,
  };
  await connection.queueDeclare({ queue: dead, exclusive: true });
  const options = { queue: used, queueOptions: { arguments: expires } };
  const consumer = await createConsumer(connection, options, () => {});
  await connection.queueDeclare({ queue: idle, arguments: expires });
  await createPublisher(connection).send(idle, 'goes with its queue');
  await gone(connection, idle);
  assert.deepStrictEqual(await drain(connection, dead), []);

  const found = await connection.queueDeclare({ queue: used, passive: true });
  assert.deepStrictEqual([found.messageCount, found.consumerCount], [0, 1]);
  await consumer.close();
  await gone(connection, used);
  await refuseArguments(connection, CASES);
});
