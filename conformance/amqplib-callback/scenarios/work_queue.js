'use strict';
const assert = require('node:assert');
const { connect, consume, inTurn, name, ok, scenario, take, texts } = require('../support');

const queue = name('task_queue');

// Consumes with prefetch 1 and acknowledges only when told to.
function startWorker(next) {
  connect('', (connection) => {
    connection.createChannel(ok((channel) => {
      channel.assertQueue(queue, { durable: true });
      channel.prefetch(1);
      consume(channel, queue, { noAck: false }, (tasks) => next({ connection, channel, tasks }));
    }));
  });
}

// Has the dropped worker's task redelivered to the survivor, which keeps it.
function redelivery(boss, next) {
  startWorker((dropped) => startWorker((survivor) => {
    boss.sendToQueue(queue, Buffer.from('dangerous'), { persistent: true });
    take(dropped.tasks, 1, ([lost]) => {
      assert.strictEqual(lost.content.toString(), 'dangerous');
      assert.strictEqual(lost.fields.redelivered, false);
      dropped.connection.close();
      take(survivor.tasks, 1, ([held]) => {
        assert.strictEqual(held.content.toString(), 'dangerous');
        assert.strictEqual(held.fields.redelivered, true);
        next(survivor, held);
      });
    });
  }));
}

scenario((connection, done) => {
  connection.createChannel(ok((boss) => {
    boss.assertQueue(queue, { durable: true });
    redelivery(boss, (survivor, held) => startWorker((other) => {
      const tasks = [0, 1, 2, 3].map((number) => `quick ${number}`);
      for (const task of tasks) boss.sendToQueue(queue, Buffer.from(task), { persistent: true });
      const handle = (task, next) => take(other.tasks, 1, (messages) => {
        assert.deepStrictEqual(texts(messages), [task]);
        other.channel.ack(messages[0]);
        next();
      });
      const close = ({ channel, connection }, next) =>
        channel.close(ok(() => connection.close(ok(next))));
      inTurn(tasks, handle, () => {
        survivor.channel.ack(held);
        inTurn([survivor, other], close, () => {
          boss.deleteQueue(queue, {}, ok(({ messageCount }) => {
            assert.strictEqual(messageCount, 0);
            done();
          }));
        });
      });
    }));
  }));
});
