'use strict';
const assert = require('node:assert');
const support = require('../support');
const { connect, consume, control, eventually, name, ok, publish, run, take, texts } = support;

const queue = name('held');

function hold(connection, next) {
  connection.createConfirmChannel(ok((channel) => {
    channel.assertQueue(queue);
    consume(channel, queue, {}, (deliveries) => publish(channel, queue, ['held'], {}, () => {
      take(deliveries, 1, ([held]) => {
        assert.deepStrictEqual(texts([held]), ['held']);
        next(channel, held);
      });
    }));
  }));
}

run((done) => {
  const again = (next) => connect('', (other) => other.createChannel(ok((polling) => {
    polling.get(queue, {}, ok((message) => {
      assert.deepStrictEqual(texts([message]), ['held']);
      assert(message.fields.redelivered);
      next(() => polling.deleteQueue(queue, {}, ok(() => other.close(ok(done)))));
    }));
  })));
  connect('?heartbeat=1', (connection) => {
    const errors = [];
    connection.on('error', (error) => errors.push(error));
    hold(connection, (channel, held) => control('/client/freeze?seconds=5', () => {
      again((end) => eventually((tell) => tell(errors.length === 1), () => {
        assert.throws(() => channel.ack(held), /closed/i);
        end();
      }));
    }));
  });
});
