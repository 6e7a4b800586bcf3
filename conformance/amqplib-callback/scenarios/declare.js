'use strict';
const assert = require('node:assert');
const { inTurn, name, ok, publish, refused, scenario } = require('../support');

const [queue, exchange] = ['queue', 'exchange'].map(name);
const inequivalent = (argument, what) =>
  `PRECONDITION_FAILED - inequivalent arg '${argument}' for ${what} in vhost '/'`;
const missing = (what) => `NOT_FOUND - no ${what} in vhost '/'`;

const different = [
  [406, inequivalent('durable', `queue '${queue}'`),
    (channel) => channel.assertQueue(queue, { durable: false })],
  [406, inequivalent('x-max-length', `queue '${queue}'`),
    (channel) => channel.assertQueue(queue, { maxLength: 5 })],
  [406, inequivalent('type', `exchange '${exchange}'`),
    (channel) => channel.assertExchange(exchange, 'fanout')],
  [403, "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'",
    (channel) => channel.assertExchange('amq.mine', 'fanout')],
];
const deleted = [
  [404, missing(`queue '${queue}'`), (channel) => channel.checkQueue(queue)],
  [404, missing(`exchange '${exchange}'`), (channel) => channel.checkExchange(exchange)],
];

function declareTwice(channel, next) {
  channel.assertQueue(queue, {}, ok(({ messageCount }) => {
    assert.strictEqual(messageCount, 0);
    publish(channel, queue, ['kept'], {}, () => {
      channel.assertQueue(queue, {}, ok((again) => {
        assert.deepStrictEqual({ ...again }, { queue, messageCount: 1, consumerCount: 0 });
        channel.assertExchange(exchange, 'topic');
        channel.assertExchange(exchange, 'topic');
        channel.checkExchange(exchange);
        channel.checkQueue(queue, ok((found) => {
          assert.strictEqual(found.messageCount, 1);
          next();
        }));
      }));
    });
  }));
}

function madeUpNames(channel, next) {
  channel.assertQueue('', { exclusive: true }, ok((first) => {
    channel.assertQueue('', { exclusive: true }, ok((second) => {
      assert.match(first.queue, /^amq\.gen-/);
      assert.notStrictEqual(first.queue, second.queue);
      next();
    }));
  }));
}

// Deletes the queue, which has so many messages.
function deleteQueue(channel, count, next) {
  channel.deleteQueue(queue, {}, ok(({ messageCount }) => {
    assert.strictEqual(messageCount, count);
    next();
  }));
}

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    const refuse = ([code, text, call], next) => refused(connection, code, text, call, next);
    declareTwice(channel, () => inTurn(different, refuse, () => madeUpNames(channel, () => {
      channel.deleteExchange(exchange);
      deleteQueue(channel, 1, () => inTurn(deleted, refuse, () => deleteQueue(channel, 0, done)));
    })));
  }));
});
