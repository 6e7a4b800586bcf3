'use strict';
const assert = require('node:assert');
const { connect, consume, name, scenario } = require('../support');

const queue = name('task_queue');

// Consumes with prefetch 1 and acknowledges only when told to.
async function startWorker() {
  const connection = await connect();
  const channel = await connection.createChannel();
  await channel.assertQueue(queue, { durable: true });
  await channel.prefetch(1);
  const tasks = await consume(channel, queue, { noAck: false });
  return { connection, channel, tasks };
}

scenario(async (boss) => {
  const channel = await boss.createChannel();
  await channel.assertQueue(queue, { durable: true });
  const publish = (task) =>
    channel.sendToQueue(queue, Buffer.from(task), { persistent: true });

  const dropped = await startWorker();
  const survivor = await startWorker();
  publish('dangerous');
  const lost = await dropped.tasks.next();
  assert.strictEqual(lost.content.toString(), 'dangerous');
  assert.strictEqual(lost.fields.redelivered, false);
  await dropped.connection.close();
  const held = await survivor.tasks.next();
  assert.strictEqual(held.content.toString(), 'dangerous');
  assert.strictEqual(held.fields.redelivered, true);

  const other = await startWorker();
  for (let number = 0; number < 4; number += 1) publish(`quick ${number}`);
  for (let number = 0; number < 4; number += 1) {
    const task = await other.tasks.next();
    assert.strictEqual(task.content.toString(), `quick ${number}`);
    other.channel.ack(task);
  }

  survivor.channel.ack(held);
  await survivor.channel.close();
  await survivor.connection.close();
  await other.channel.close();
  await other.connection.close();
  assert.strictEqual((await channel.checkQueue(queue)).messageCount, 0);
  await channel.deleteQueue(queue);
});
