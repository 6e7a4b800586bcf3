'use strict';
const assert = require('node:assert');
const { name, scenario } = require('../support');

const queue = name('confirms');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true });

  for (let number = 0; number < 20; number += 1) {
    await new Promise((resolve, reject) => {
      channel.sendToQueue(queue, Buffer.from(`single ${number}`), { persistent: true }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
  assert.strictEqual((await channel.checkQueue(queue)).messageCount, 20);

  let confirmed = 0;
  for (let number = 0; number < 500; number += 1) {
    channel.sendToQueue(queue, Buffer.from(`batch ${number}`), { persistent: true }, (error) => {
      assert.ifError(error);
      confirmed += 1;
    });
  }
  await channel.waitForConfirms();
  assert.strictEqual(confirmed, 500);
  assert.strictEqual((await channel.checkQueue(queue)).messageCount, 520);

  channel.sendToQueue(name('nowhere'), Buffer.from('dropped'));
  await channel.waitForConfirms();
  assert.strictEqual((await channel.deleteQueue(queue)).messageCount, 520);
});
