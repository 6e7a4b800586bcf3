'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquireConfirming, bodies, consume, redelivered, scenario, take } = support;

scenario(async (connection) => {
  const channel = await acquireConfirming(connection);
  const { queue } = await channel.queueDeclare({ exclusive: true });
  for (const text of ['1', '2', '3']) await channel.basicPublish(queue, text);
  const deliveries = await consume(channel, queue);
  const first = await take(deliveries, 3);
  assert.deepStrictEqual(redelivered(first), [false, false, false]);
  channel.basicAck(first[1]);

  await channel.basicRecover({ requeue: true });

  const again = await take(deliveries, 2);
  assert.deepStrictEqual(bodies(again), ['1', '3']);
  assert.deepStrictEqual(redelivered(again), [true, true]);
  channel.basicAck({ deliveryTag: again[1].deliveryTag, multiple: true });
  await channel.close();
  assert.strictEqual((await connection.queueDelete(queue)).messageCount, 0);
});
