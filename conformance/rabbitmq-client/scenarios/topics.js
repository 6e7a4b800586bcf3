'use strict';
const assert = require('node:assert');
const { bodies, createConsumer, createPublisher, name, scenario, settled } = require('../support');

const exchange = name('topic_logs');
const keys = [
  'quick.orange.rabbit',
  'lazy.orange.elephant',
  'quick.orange.fox',
  'lazy.brown.fox',
  'lazy.pink.rabbit',
  'quick.brown.fox',
  'orange',
  'quick.orange.new.rabbit',
  'lazy.orange.new.rabbit',
  'lazy',
];
const subscriptions = [
  {
    bindings: ['*.orange.*'],
    expected: ['quick.orange.rabbit', 'lazy.orange.elephant', 'quick.orange.fox'],
  },
  {
    bindings: ['*.*.rabbit', 'lazy.#'],
    expected: [
      'quick.orange.rabbit',
      'lazy.orange.elephant',
      'lazy.brown.fox',
      'lazy.pink.rabbit',
      'lazy.orange.new.rabbit',
      'lazy',
    ],
  },
  { bindings: ['#'], expected: keys },
];

scenario(async (connection) => {
  const exchanges = [{ exchange, type: 'topic' }];
  for (const subscription of subscriptions) {
    subscription.messages = [];
    const options = {
      exchanges,
      queueOptions: { exclusive: true },
      queueBindings: subscription.bindings.map((routingKey) => ({ exchange, routingKey })),
    };
    await createConsumer(connection, options, (message) => {
      subscription.messages.push(message);
    });
  }

  const publisher = createPublisher(connection, { exchanges });
  for (const key of keys) await publisher.send({ exchange, routingKey: key }, key);

  await settled(...subscriptions.map(({ messages, expected }) => [messages, expected.length]));
  for (const { messages, expected } of subscriptions) {
    assert.deepStrictEqual(bodies(messages), expected);
  }
  await connection.exchangeDelete({ exchange });
});
