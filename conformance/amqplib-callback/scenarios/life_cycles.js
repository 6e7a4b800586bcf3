'use strict';
const assert = require('node:assert');
const { connect, eventually, inTurn, isThere, name, ok, refused, scenario } = require('../support');

const ignore = () => {};

function exclusive(other, next) {
  const queue = name('exclusive');
  const text = `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}'`;
  const uses = [
    (channel) => channel.checkQueue(queue),
    (channel) => channel.consume(queue, ignore),
    (channel) => channel.deleteQueue(queue),
  ];
  const lock = (use, then) => refused(other, 405, text, use, then);
  const check = (channel, found) => channel.checkQueue(queue, found);
  const gone = (tell) => isThere(other, check, (is) => tell(!is));
  connect('', (owner) => owner.createChannel(ok((channel) => {
    channel.assertQueue(queue, { exclusive: true }, ok(() => {
      inTurn(uses, lock, () => owner.close(ok(() => eventually(gone, next))));
    }));
  })));
}

function autoDeleteQueue(connection, next) {
  const queue = name('auto-delete');
  const check = (channel, found) => channel.checkQueue(queue, found);
  const there = (tell) => isThere(connection, check, tell);
  connection.createChannel(ok((channel) => {
    const cancel = (consumerTag, isLeft, then) => channel.cancel(consumerTag, ok(() => {
      there((is) => {
        assert.strictEqual(is, isLeft);
        then();
      });
    }));
    channel.assertQueue(queue, { autoDelete: true });
    channel.consume(queue, ignore, { consumerTag: 'first' });
    channel.consume(queue, ignore, { consumerTag: 'second' });
    cancel('first', true, () => cancel('second', false, () => {
      channel.assertQueue(queue, { autoDelete: true });
      channel.consume(queue, ignore, {}, ok(() => channel.close(ok(() => {
        eventually((tell) => there((is) => tell(!is)), next);
      }))));
    }));
  }));
}

function autoDeleteExchange(connection, next) {
  const exchange = name('exchange');
  const check = (channel, found) => channel.checkExchange(exchange, found);
  connection.createChannel(ok((channel) => {
    const queues = ['first', 'second'].map(name);
    channel.assertExchange(exchange, 'fanout', { autoDelete: true });
    for (const queue of queues) {
      channel.assertQueue(queue, { exclusive: true });
      channel.bindQueue(queue, exchange, '');
    }
    channel.unbindQueue(queues[0], exchange, '', {}, ok(() => {
      isThere(connection, check, (is) => {
        assert(is);
        channel.deleteQueue(queues[1], {}, ok(() => isThere(connection, check, (still) => {
          assert(!still);
          next();
        })));
      });
    }));
  }));
}

scenario((connection, done) => {
  const parts = [exclusive, autoDeleteQueue, autoDeleteExchange];
  inTurn(parts, (part, next) => part(connection, next), done);
});
