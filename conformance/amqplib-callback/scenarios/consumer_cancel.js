'use strict';
const assert = require('node:assert');
const { consume, name, ok, receive, scenario, take, texts } = require('../support');

function goesOn(channel, next) {
  channel.assertQueue('', { exclusive: true }, ok(({ queue }) => {
    channel.sendToQueue(queue, Buffer.from('after'));
    receive(channel, queue, 1, (messages) => {
      assert.deepStrictEqual(texts(messages), ['after']);
      next();
    });
  }));
}

scenario((connection, done) => {
  const doomed = name('doomed');
  connection.createChannel(ok((channel) => {
    channel.assertQueue(doomed, { durable: false });
    consume(channel, doomed, { noAck: true }, (deliveries) => {
      channel.sendToQueue(doomed, Buffer.from('before'));
      take(deliveries, 1, (messages) => {
        assert.deepStrictEqual(texts(messages), ['before']);
        connection.createChannel(ok((other) => other.deleteQueue(doomed)));
        take(deliveries, 1, (cancelled) => {
          assert.deepStrictEqual(cancelled, [null], 'null tells that the consumer is cancelled');
          goesOn(channel, done);
        });
      });
    });
  }));
});
