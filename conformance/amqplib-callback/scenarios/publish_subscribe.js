'use strict';
const assert = require('node:assert');
const { connect, inTurn, name, ok, receive, refused, scenario, texts } = require('../support');

const exchange = name('logs');

function subscribe(next) {
  connect('', (connection) => {
    connection.createChannel(ok((channel) => {
      channel.assertExchange(exchange, 'fanout', { durable: false });
      channel.assertQueue('', { exclusive: true }, ok(({ queue }) => {
        assert.match(queue, /^amq\.gen-/);
        channel.bindQueue(queue, exchange, '', {}, ok(() => next({ connection, channel, queue })));
      }));
    }));
  });
}

function heard({ channel, queue }, next) {
  receive(channel, queue, 2, (messages) => {
    assert.deepStrictEqual(texts(messages), ['info: one', 'info: two']);
    next();
  });
}

scenario((publisher, done) => {
  publisher.createChannel(ok((channel) => {
    channel.assertExchange(exchange, 'fanout', { durable: false }, ok(() => {
      channel.publish(exchange, '', Buffer.from('nobody listens'));
      subscribe((first) => subscribe((second) => {
        const log = (text) => channel.publish(exchange, 'ignored', Buffer.from(text));
        ['info: one', 'info: two'].map(log);
        inTurn([first, second], heard, () => {
          const check = (other) => other.checkQueue(first.queue);
          refused(publisher, 405, 'RESOURCE_LOCKED', check, () => {
            const close = ({ connection }, next) => connection.close(ok(next));
            inTurn([first, second], close, () => {
              refused(publisher, 404, 'NOT_FOUND', check, () => {
                channel.deleteExchange(exchange, {}, ok(done));
              });
            });
          });
        });
      }));
    }));
  }));
});
