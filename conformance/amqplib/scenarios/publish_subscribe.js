'use strict';
const assert = require('node:assert');
const { bodies, connect, name, scenario } = require('../support');

const exchange = name('logs');

async function subscribe() {
  const connection = await connect();
  const channel = await connection.createChannel();
  await channel.assertExchange(exchange, 'fanout', { durable: false });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  assert.match(queue, /^amq\.gen-/);
  await channel.bindQueue(queue, exchange, '');
  return { connection, channel, queue };
}

async function assertRefused(connection, queue, code) {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  await assert.rejects(channel.checkQueue(queue), { code });
}

scenario(async (publisher) => {
  const channel = await publisher.createChannel();
  await channel.assertExchange(exchange, 'fanout', { durable: false });
  channel.publish(exchange, '', Buffer.from('nobody listens'));

  const subscribers = [await subscribe(), await subscribe()];
  for (const text of ['info: one', 'info: two']) {
    channel.publish(exchange, 'ignored', Buffer.from(text));
  }
  for (const subscriber of subscribers) {
    const came = await bodies(subscriber.channel, subscriber.queue, 2);
    assert.deepStrictEqual(came, ['info: one', 'info: two']);
  }

  const [{ queue }] = subscribers;
  await assertRefused(publisher, queue, 405);
  for (const subscriber of subscribers) await subscriber.connection.close();
  await assertRefused(publisher, queue, 404);
  await channel.deleteExchange(exchange);
});
