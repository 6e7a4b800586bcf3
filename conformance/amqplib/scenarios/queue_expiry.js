'use strict';
const assert = require('node:assert');
const support = require('../support');
const { consume, drain, name, pause, publish, refuseArguments, scenario, PATIENCE } = support;

const EXPIRES = 0.8;
const INVALID = "invalid arg 'x-expires' for queue '{queue}' in vhost '/': ";

// Messages and consumers of a queue, null when there is no such queue.
async function counts(connection, queue) {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  try {
    const found = await channel.checkQueue(queue);
    await channel.close();
    return [found.messageCount, found.consumerCount];
  } catch (error) {
    assert.strictEqual(error.code, 404);
    return null;
  }
}

// Waits until a queue is gone; to look is to use it, so this looks seldom.
async function gone(connection, queue) {
  const deadline = Date.now() + PATIENCE * 1000;
  while (await counts(connection, queue)) {
    assert(Date.now() < deadline, `${queue} is still there`);
    await pause(1.25 * EXPIRES);
  }
}

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const [idle, used, dead] = ['idle', 'used', 'dead'].map(name);
  await channel.assertQueue(dead, { exclusive: true });
  const letters = { deadLetterExchange: '', deadLetterRoutingKey: dead };
  const options = { expires: EXPIRES * 1000, ...letters };
  await channel.assertQueue(used, options);
  const { consumerTag } = await consume(channel, used);
  await channel.assertQueue(idle, options);
  await publish(channel, idle, 'goes with its queue');
  await gone(connection, idle);
  assert.deepStrictEqual(await drain(channel, dead), []);
  assert.deepStrictEqual(await counts(connection, used), [0, 1]);
  await channel.cancel(consumerTag);
  await gone(connection, used);

  const cases = [
    [{ 'x-expires': 0 }, `${INVALID}{value_zero,0}`],
    [{ 'x-expires': -1 }, `${INVALID}{value_negative,-1}`],
  ];
  await refuseArguments(connection, cases);
});
