'use strict';
const assert = require('node:assert');
const { connect, control, drain, inTime, name, ok, publish, run, texts } = require('../support');

const queue = name('durable');

// Goes on when the broker has stopped and the connection has been told why.
function stop(connection, next) {
  let awaited = 2;
  const both = () => {
    awaited -= 1;
    if (awaited === 0) next();
  };
  connection.once('close', inTime('the end of the broker went unnoticed', (reason) => {
    assert.strictEqual(reason.code, 320);
    assert.match(reason.message, /CONNECTION_FORCED/);
    both();
  }));
  control('/broker/stop', both);
}

function kept(next) {
  connect('', (connection) => connection.createChannel(ok((channel) => {
    drain(channel, queue, (messages) => {
      assert.deepStrictEqual(texts(messages), ['1', '2']);
      channel.deleteQueue(queue, {}, ok(() => connection.close(ok(next))));
    });
  })));
}

run((done) => {
  connect('', (connection) => connection.createConfirmChannel(ok((channel) => {
    channel.assertQueue(queue, {}, ok(() => {
      publish(channel, queue, ['1', '2'], { persistent: true }, () => {
        stop(connection, () => control('/broker/start', () => kept(done)));
      });
    }));
  })));
});
