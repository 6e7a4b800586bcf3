'use strict';
const assert = require('node:assert');
const { acquireConfirming, name, scenario } = require('../support');

const queue = name('polled');

scenario(async (connection) => {
  const channel = await acquireConfirming(connection);
  await channel.queueDeclare(queue);
  assert.strictEqual(await channel.basicGet(queue), undefined);

  for (const text of ['one', 'two', 'three']) await channel.basicPublish(queue, text);
  const one = await channel.basicGet({ queue, noAck: true });
  assert.deepStrictEqual([one.body, one.messageCount, one.redelivered], ['one', 2, false]);
  assert.deepStrictEqual([one.exchange, one.routingKey], ['', queue]);
  const two = await channel.basicGet(queue);
  assert.deepStrictEqual([two.body, two.messageCount], ['two', 1]);
  channel.basicAck(two);
  assert.strictEqual((await channel.basicGet(queue)).body, 'three');
  assert.strictEqual(await channel.basicGet(queue), undefined);
  await channel.close();

  const three = await connection.basicGet({ queue, noAck: true });
  assert.deepStrictEqual([three.body, three.redelivered], ['three', true]);
  await connection.queueDelete(queue);
});
