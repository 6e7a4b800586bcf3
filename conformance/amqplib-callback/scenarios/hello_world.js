'use strict';
const assert = require('node:assert');
const { connect, name, ok, receive, scenario, texts } = require('../support');

const queue = name('hello');

function send(next) {
  connect('', (connection) => {
    connection.createChannel(ok((channel) => {
      channel.assertQueue(queue, { durable: false }, ok(() => {
        channel.sendToQueue(queue, Buffer.from('Hello World!'));
        channel.close(ok(() => connection.close(ok(next))));
      }));
    }));
  });
}

scenario((receiver, done) => {
  send(() => {
    receiver.createChannel(ok((channel) => {
      channel.assertQueue(queue, { durable: false });
      receive(channel, queue, 1, (messages) => {
        assert.deepStrictEqual(texts(messages), ['Hello World!']);
        channel.deleteQueue(queue, {}, ok(done));
      });
    }));
  });
});
