'use strict';
const assert = require('node:assert');
const { consume, inTurn, ok, publish, redelivered, scenario, take, texts } = require('../support');

function getAll(channel, queue, count, next) {
  const messages = [];
  const get = (_, then) => channel.get(queue, {}, ok((message) => {
    messages.push(message);
    then();
  }));
  inTurn(Array(count).fill(), get, () => next(messages));
}

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    channel.assertQueue('', { exclusive: true }, ok(({ queue }) => {
      publish(channel, queue, ['0', '1', '2', '3', '4'], {}, () => {
        getAll(channel, queue, 5, (messages) => {
          channel.nack(messages[3], false, true);
          channel.reject(messages[1], true);
          channel.reject(messages[4], false);
          getAll(channel, queue, 2, (again) => {
            assert.deepStrictEqual(texts(again), ['1', '3']);
            assert.deepStrictEqual(redelivered(again), [true, true]);
            channel.nackAll(true);
            consume(channel, queue, {}, (deliveries) => take(deliveries, 4, (came) => {
              assert.deepStrictEqual(texts(came), ['0', '1', '2', '3']);
              assert.deepStrictEqual(redelivered(came), [true, true, true, true]);
              done();
            }));
          });
        });
      });
    }));
  }));
});
