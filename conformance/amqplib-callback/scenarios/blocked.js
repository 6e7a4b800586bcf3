'use strict';
const assert = require('node:assert');
const support = require('../support');
const { after, connect, consume, control, eventually } = support;
const { ok, publish, scenario, take, texts } = support;

// Goes on with the channels of a publisher and a consumer, and what comes from their queue.
function prepare(publisher, consumer, next) {
  publisher.createConfirmChannel(ok((outgoing) => consumer.createChannel(ok((incoming) => {
    incoming.assertQueue('', { autoDelete: true }, ok(({ queue }) => {
      consume(incoming, queue, { noAck: true }, (deliveries) => {
        next({ outgoing, incoming, queue, deliveries });
      });
    }));
  }))));
}

// Goes on with the next text that comes from the queue.
const expect = (text, { deliveries }, next) => take(deliveries, 1, (messages) => {
  assert.deepStrictEqual(texts(messages), [text]);
  next();
});

// Sees that nothing comes while the broker blocks, though the consumer is there.
function silence({ incoming, queue, deliveries }, next) {
  after(0.3, () => incoming.checkQueue(queue, ok(({ consumerCount }) => {
    assert.deepStrictEqual([deliveries.length, consumerCount], [0, 1]);
    next();
  })));
}

scenario((publisher, done) => connect('', (consumer) => {
  const told = [];
  publisher.on('blocked', (reason) => told.push(reason));
  publisher.on('unblocked', () => told.push('unblocked'));
  const hears = (expected, next) => {
    eventually((tell) => tell(told.length === expected.length), () => {
      assert.deepStrictEqual(told, expected);
      next();
    });
  };
  prepare(publisher, consumer, (both) => {
    const { outgoing, queue } = both;
    const unblocked = () => expect('meanwhile', both, () => {
      hears(['low on memory', 'unblocked'], () => consumer.close(ok(done)));
    });
    publish(outgoing, queue, ['before'], {}, () => expect('before', both, () => {
      control('/broker/block', () => {
        outgoing.sendToQueue(queue, Buffer.from('meanwhile'));
        hears(['low on memory'], () => silence(both, () => control('/broker/unblock', unblocked)));
      });
    }));
  });
}));
