'use strict';
const assert = require('node:assert');
const { bodies, name, scenario } = require('../support');

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
  const channel = await connection.createChannel();
  await channel.assertExchange(exchange, 'topic', { durable: false });
  for (const subscription of subscriptions) {
    subscription.queue = (await channel.assertQueue('', { exclusive: true })).queue;
    for (const key of subscription.bindings) {
      await channel.bindQueue(subscription.queue, exchange, key);
    }
  }

  for (const key of keys) channel.publish(exchange, key, Buffer.from(key));

  for (const { queue, expected } of subscriptions) {
    assert.deepStrictEqual(await bodies(channel, queue, expected.length), expected);
    assert.strictEqual((await channel.checkQueue(queue)).messageCount, 0);
  }
  await channel.deleteExchange(exchange);
});
