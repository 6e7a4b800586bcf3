'use strict';
const assert = require('node:assert');
const support = require('../support');
const { bodies, connect, createConsumer, createPublisher, name } = support;
const { refused, scenario, take } = support;

const exchange = name('logs');
const logs = { exchange, type: 'fanout' };

async function subscribe() {
  const connection = await connect();
  const messages = [];
  const options = {
    queueOptions: { exclusive: true },
    exchanges: [logs],
    queueBindings: [{ exchange }],
  };
  const consumer = await createConsumer(connection, options, (message) => {
    messages.push(message);
  });
  assert.match(consumer.queue, /^amq\.gen-/);
  return { connection, consumer, messages };
}

scenario(async (connection) => {
  const publisher = createPublisher(connection, { exchanges: [logs] });
  await publisher.send({ exchange }, 'nobody listens');

  const subscribers = [await subscribe(), await subscribe()];
  for (const text of ['info: one', 'info: two']) {
    await publisher.send({ exchange, routingKey: 'ignored' }, text);
  }
  for (const { messages } of subscribers) {
    assert.deepStrictEqual(bodies(await take(messages, 2)), ['info: one', 'info: two']);
  }

  const { queue } = subscribers[0].consumer;
  const check = (channel) => channel.queueDeclare({ queue, passive: true });
  await refused(connection, 'RESOURCE_LOCKED', queue, check);
  for (const subscriber of subscribers) {
    await subscriber.consumer.close();
    await subscriber.connection.close();
  }
  await refused(connection, 'NOT_FOUND', queue, check);
  await connection.exchangeDelete({ exchange });
});
