'use strict';
const assert = require('node:assert');
const { connect, createConsumer, createPublisher, name, scenario, take } = require('../support');

const queue = name('task_queue');

// Handles one task at a time, which is acknowledged when `finish` is called.
async function startWorker() {
  const connection = await connect();
  const tasks = [];
  const options = { queue, queueOptions: { durable: true }, qos: { prefetchCount: 1 } };
  const consumer = await createConsumer(connection, options, (task) => {
    tasks.push(task);
    return new Promise((finish) => Object.assign(task, { finish }));
  });
  return { connection, consumer, tasks };
}

scenario(async (boss) => {
  const publisher = createPublisher(boss, { queues: [{ queue, durable: true }] });
  const publish = (task) => publisher.send({ routingKey: queue, durable: true }, task);

  const dropped = await startWorker();
  const survivor = await startWorker();
  await publish('dangerous');
  const [lost] = await take(dropped.tasks, 1);
  assert.deepStrictEqual([lost.body, lost.redelivered, lost.durable], ['dangerous', false, true]);
  dropped.consumer.on('error', () => {});
  dropped.connection.unsafeDestroy();
  lost.finish();
  const [held] = await take(survivor.tasks, 1);
  assert.deepStrictEqual([held.body, held.redelivered], ['dangerous', true]);

  const other = await startWorker();
  for (let number = 0; number < 4; number += 1) await publish(`quick ${number}`);
  for (let number = 0; number < 4; number += 1) {
    const [task] = await take(other.tasks, 1);
    assert.strictEqual(task.body, `quick ${number}`);
    task.finish();
  }

  held.finish();
  for (const { consumer } of [survivor, other]) await consumer.close();
  assert.strictEqual((await boss.queueDelete(queue)).messageCount, 0);
});
