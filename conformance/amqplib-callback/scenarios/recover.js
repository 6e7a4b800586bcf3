'use strict';
const assert = require('node:assert');
const { consume, ok, publish, redelivered, scenario, take, texts } = require('../support');

function empty(connection, queue, next) {
  connection.createChannel(ok((channel) => channel.checkQueue(queue, ok(({ messageCount }) => {
    assert.strictEqual(messageCount, 0);
    next();
  }))));
}

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    channel.assertQueue('', { exclusive: true }, ok(({ queue }) => {
      publish(channel, queue, ['1', '2', '3'], {}, () => {
        consume(channel, queue, {}, (deliveries) => take(deliveries, 3, (first) => {
          assert.deepStrictEqual(redelivered(first), [false, false, false]);
          channel.ack(first[1]);

          channel.recover(ok(() => take(deliveries, 2, (again) => {
            assert.deepStrictEqual(texts(again), ['1', '3']);
            assert.deepStrictEqual(redelivered(again), [true, true]);
            channel.ack(again[1], true);
            channel.close(ok(() => empty(connection, queue, done)));
          })));
        }));
      });
    }));
  }));
});
