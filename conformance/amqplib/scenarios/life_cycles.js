'use strict';
const assert = require('node:assert');
const { connect, eventually, name, refused, scenario } = require('../support');

const ignore = () => {};

// Whether `check`, on a channel of its own, finds what it asks for.
async function isThere(connection, check) {
  const channel = await connection.createChannel();
  channel.on('error', ignore);
  try {
    await check(channel);
    await channel.close();
    return true;
  } catch (error) {
    assert.strictEqual(error.code, 404);
    return false;
  }
}

async function exclusive(other) {
  const queue = name('exclusive');
  const owner = await connect();
  await (await owner.createChannel()).assertQueue(queue, { exclusive: true });
  const text = `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}'`;
  await refused(other, 405, text, (channel) => channel.checkQueue(queue));
  await refused(other, 405, text, (channel) => channel.consume(queue, ignore));
  await refused(other, 405, text, (channel) => channel.deleteQueue(queue));
  await owner.close();
  await eventually(async () => !(await isThere(other, (channel) => channel.checkQueue(queue))));
}

async function autoDeleteQueue(connection) {
  const channel = await connection.createChannel();
  const queue = name('auto-delete');
  const there = () => isThere(connection, (other) => other.checkQueue(queue));
  await channel.assertQueue(queue, { autoDelete: true });
  const first = await channel.consume(queue, ignore);
  const second = await channel.consume(queue, ignore);
  await channel.cancel(first.consumerTag);
  assert(await there());
  await channel.cancel(second.consumerTag);
  assert(!(await there()));
  await channel.assertQueue(queue, { autoDelete: true });
  await channel.consume(queue, ignore);
  await channel.close();
  await eventually(async () => !(await there()));
}

async function autoDeleteExchange(connection) {
  const channel = await connection.createChannel();
  const exchange = name('exchange');
  const there = () => isThere(connection, (other) => other.checkExchange(exchange));
  await channel.assertExchange(exchange, 'fanout', { autoDelete: true });
  const { queue: first } = await channel.assertQueue('', { exclusive: true });
  const { queue: second } = await channel.assertQueue('', { exclusive: true });
  for (const queue of [first, second]) await channel.bindQueue(queue, exchange, '');
  await channel.unbindQueue(first, exchange, '');
  assert(await there());
  await channel.deleteQueue(second);
  assert(!(await there()));
}

scenario(async (connection) => {
  await exclusive(connection);
  await autoDeleteQueue(connection);
  await autoDeleteExchange(connection);
});
