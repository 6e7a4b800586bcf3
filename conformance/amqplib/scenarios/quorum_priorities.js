'use strict';
const assert = require('node:assert');
const { drain, name, publish, scenario, texts } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const queue = name('ranked');
  await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
  await publish(channel, queue, 'none');
  for (const priority of [3, 40, 5, 31, 4]) {
    await publish(channel, queue, `${priority}`, { priority });
  }
  const found = texts(await drain(channel, queue));
  assert.deepStrictEqual(found, ['40', '31', '5', 'none', '4', '3']);
  await channel.deleteQueue(queue);
});
