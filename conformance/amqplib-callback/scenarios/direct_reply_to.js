'use strict';
const assert = require('node:assert');
const support = require('../support');
const { connect, consume, inTurn, name, ok, receive, refused, scenario, take } = support;

const REPLY_TO = 'amq.rabbitmq.reply-to';
const requests = name('requests');
const asking = { replyTo: REPLY_TO, correlationId: '7' };

const listen = (channel, noAck) => channel.consume(REPLY_TO, () => {}, { noAck });
const MISUSES = [
  ['reply consumer cannot acknowledge', (channel) => listen(channel, false)],
  ['fast reply consumer does not exist',
    (channel) => channel.sendToQueue(requests, Buffer.from('lost'), asking)],
  ['reply consumer already set', (channel) => [true, true].map((noAck) => listen(channel, noAck))],
];

// Answers the request, and goes on with the address that it came from.
function answer(serving, next) {
  receive(serving, requests, 1, ([request]) => {
    const { replyTo: address, correlationId } = request.properties;
    assert.strictEqual(request.content.toString(), 'question');
    assert(address.startsWith(`${REPLY_TO}.`), address);
    serving.checkQueue(address, ok((found) => {
      assert.deepStrictEqual({ ...found }, { queue: address, messageCount: 0, consumerCount: 1 });
      serving.sendToQueue(address, Buffer.from('answer'), { correlationId });
      next(address);
    }));
  });
}

function ask(channel, serving, next) {
  consume(channel, REPLY_TO, { noAck: true }, (replies) => {
    channel.sendToQueue(requests, Buffer.from('question'), asking);
    answer(serving, (address) => take(replies, 1, ([{ content, fields, properties }]) => {
      assert.deepStrictEqual([content.toString(), properties.correlationId], ['answer', '7']);
      const { exchange, routingKey, redelivered } = fields;
      assert.deepStrictEqual([exchange, routingKey, redelivered], ['', address, false]);
      next(address);
    }));
  });
}

scenario((connection, done) => connect('', (server) => {
  const refuse = ([text, misuse], next) => refused(connection, 406, text, misuse, next);
  const end = (serving) => serving.deleteQueue(requests, {}, ok(({ messageCount }) => {
    assert.strictEqual(messageCount, 0);
    server.close(ok(done));
  }));
  connection.createChannel(ok((channel) => server.createChannel(ok((serving) => {
    serving.assertQueue(requests, { durable: false }, ok(() => ask(channel, serving, (address) => {
      inTurn(MISUSES, refuse, () => channel.close(ok(() => {
        const check = (other) => other.checkQueue(address);
        refused(server, 404, `no queue '${address}'`, check, () => end(serving));
      })));
    })));
  }))));
}));
