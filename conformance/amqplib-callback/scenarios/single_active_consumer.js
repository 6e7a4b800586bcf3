'use strict';
const assert = require('node:assert');
const support = require('../support');
const { connect, consume, gather, name, ok, publish } = support;
const { redelivered, refuseArguments, scenario, take, texts } = support;

const queue = name('single');
const TEXT = "invalid arg 'x-single-active-consumer' for queue '{queue}' in vhost '/': ";
const CASES = [[{ 'x-single-active-consumer': 'true' }, `${TEXT}{unacceptable_type,longstr}`]];

// Goes on with the next deliveries, which have these texts.
const expect = (deliveries, expected, next) => take(deliveries, expected.length, (messages) => {
  assert.deepStrictEqual(texts(messages), expected);
  next(messages);
});

// The active consumer is cancelled: the next takes over, and what the former holds stays its own.
function cancelled(channel, active, atActive, atNext, next) {
  expect(atActive, ['1', '2'], (held) => {
    assert.strictEqual(atNext.length, 0);
    active.cancel(atActive.consumerTag, ok(() => publish(channel, queue, ['3'], {}, () => {
      expect(atNext, ['3'], () => {
        active.reject(held[1], true);
        expect(atNext, ['2'], (again) => {
          assert.deepStrictEqual(redelivered(again), [true]);
          active.ack(held[0]);
          next();
        });
      });
    })));
  });
}

// The next one's channel is closed: the last gets what it held, and goes on.
function closed(channel, following, last, atLast, next) {
  assert.strictEqual(atLast.length, 0);
  following.close(ok(() => expect(atLast, ['2', '3'], (rest) => {
    assert.deepStrictEqual(redelivered(rest), [true, true]);
    last.ack(rest[1], true);
    publish(channel, queue, ['4'], {}, () => expect(atLast, ['4'], next));
  })));
}

scenario((connection, done) => connect('', (other) => {
  const options = { autoDelete: true, arguments: { 'x-single-active-consumer': true } };
  const open = (on, next) => on.createChannel(ok(next));
  const start = (channel, next) => consume(channel, queue, {}, next);
  const ended = () => refuseArguments(connection, CASES, () => other.close(ok(done)));
  connection.createConfirmChannel(ok((channel) => channel.assertQueue(queue, options, ok(() => {
    gather([connection, connection, other], open, (channels) => {
      const [active, following, last] = channels;
      active.prefetch(2);
      gather(channels, start, ([atActive, atNext, atLast]) => {
        publish(channel, queue, ['1', '2'], {}, () => {
          cancelled(channel, active, atActive, atNext, () => {
            closed(channel, following, last, atLast, ended);
          });
        });
      });
    });
  }))));
}));
