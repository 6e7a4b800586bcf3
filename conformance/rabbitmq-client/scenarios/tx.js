'use strict';
const assert = require('node:assert');
const { acquire, name, scenario } = require('../support');

const queue = name('tx');

scenario(async (connection) => {
  await connection.queueDeclare(queue);
  const ready = async () => (await connection.queueDeclare({ queue, passive: true })).messageCount;
  const begin = async () => {
    const channel = await acquire(connection);
    await channel.txSelect();
    return channel;
  };

  const channel = await begin();
  await channel.basicPublish(queue, 'undone');
  await channel.txRollback();
  assert.strictEqual(await ready(), 0);

  await channel.basicPublish(queue, 'done');
  assert.strictEqual(await ready(), 0);
  await channel.txCommit();
  assert.strictEqual(await ready(), 1);

  channel.basicAck(await channel.basicGet(queue));
  await channel.txRollback();
  await channel.close();
  assert.strictEqual(await ready(), 1, 'an ack outlived its rollback');

  const another = await begin();
  another.basicAck(await another.basicGet(queue));
  await another.txCommit();
  await another.close();
  assert.strictEqual(await ready(), 0);
  await connection.queueDelete(queue);
});
