// amqplib recovers connections from 1.1 on, and has `setup` bring back what was on them. Who uses
// an older one connects again and does the same.
'use strict';
const assert = require('node:assert');
const support = require('../support');
const { amqp, connect, consume, control, lost, name, publish, run, texts, within } = support;

const [queue, exchange, passing] = ['durable', 'exchange', 'passing'].map(name);
let channel;
let held;
let passed;

// A durable queue, and another that has to be declared again, behind an exchange that has to be.
async function setup(connection) {
  channel = await connection.createConfirmChannel();
  await channel.assertExchange(exchange, 'direct', { durable: false });
  await channel.assertQueue(queue);
  await channel.assertQueue(passing, { durable: false });
  await channel.bindQueue(queue, exchange, 'durable');
  await channel.bindQueue(passing, exchange, 'passing');
  held = await consume(channel, queue, {});
  passed = await consume(channel, passing);
}

run(async () => {
  const recovery = { initialDelay: 50, maxDelay: 500, setup };
  let connection = await amqp.connect(process.env.AMQP_URI, { recovery });
  const recovers = 'waitForConnect' in connection;
  if (!recovers) await setup(connection);
  const failure = lost(connection);
  const recovered = new Promise((resolve) => connection.once('connect', resolve));
  await publish(channel, 'durable', ['1', '2'], { exchange, persistent: true });
  await publish(channel, 'durable', 'transient', { exchange });
  assert.deepStrictEqual(texts(await held.take(3)), ['1', '2', 'transient']);

  await control('/broker/kill');
  await within(failure, "the broker's death went unnoticed");
  await control('/broker/start');

  if (recovers) {
    await within(recovered, 'the connection did not come back');
  } else {
    connection = await connect();
    await setup(connection);
  }
  await publish(channel, 'durable', '3', { exchange, persistent: true });
  await publish(channel, 'passing', 'at once', { exchange });
  assert.deepStrictEqual(texts(await held.take(3)), ['1', '2', '3']);
  assert.deepStrictEqual(texts(await passed.take(1)), ['at once']);
  for (const each of [queue, passing]) await channel.deleteQueue(each);
  await channel.deleteExchange(exchange);
  await connection.close();
});
