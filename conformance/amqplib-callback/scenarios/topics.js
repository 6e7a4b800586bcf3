'use strict';
const assert = require('node:assert');
const { drain, inTurn, name, ok, publish, scenario, texts } = require('../support');

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

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    channel.assertExchange(exchange, 'topic', { durable: false });
    const subscribe = (subscription, next) => {
      channel.assertQueue('', { exclusive: true }, ok(({ queue }) => {
        subscription.queue = queue;
        const bind = (key, then) => channel.bindQueue(queue, exchange, key, {}, ok(then));
        inTurn(subscription.bindings, bind, next);
      }));
    };
    const check = ({ queue, expected }, next) => {
      drain(channel, queue, (messages) => {
        assert.deepStrictEqual(texts(messages), expected);
        next();
      });
    };
    const log = (key, next) => publish(channel, key, [key], { exchange }, next);
    inTurn(subscriptions, subscribe, () => {
      inTurn(keys, log, () => {
        inTurn(subscriptions, check, () => channel.deleteExchange(exchange, {}, ok(done)));
      });
    });
  }));
});
