'use strict';
const assert = require('node:assert');
const { inTurn, name, ok, publish, scenario } = require('../support');

const queue = name('polled');

// Text, messages left and redelivered of a message; false when there is none.
const seen = (message) => message && [
  message.content.toString(),
  message.fields.messageCount,
  message.fields.redelivered,
];

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    const got = [];
    const get = (options, next) => channel.get(queue, options, ok((message) => {
      got.push(seen(message));
      if (message.content?.toString() === 'two') channel.ack(message);
      next();
    }));
    const restored = () => connection.createChannel(ok((again) => {
      again.get(queue, { noAck: true }, ok((three) => {
        assert.deepStrictEqual(seen(three), ['three', 0, true]);
        assert.deepStrictEqual([three.fields.exchange, three.fields.routingKey], ['', queue]);
        again.deleteQueue(queue, {}, ok(done));
      }));
    }));

    channel.assertQueue(queue, { durable: false });
    get({}, () => publish(channel, queue, ['one', 'two', 'three'], {}, () => {
      inTurn([{ noAck: true }, {}, {}, {}], get, () => {
        const messages = [['one', 2, false], ['two', 1, false], ['three', 0, false]];
        assert.deepStrictEqual(got, [false, ...messages, false]);
        channel.close(ok(restored));
      });
    }));
  }));
});
