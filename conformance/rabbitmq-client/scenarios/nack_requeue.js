'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquireConfirming, bodies, consume, redelivered, scenario, take } = support;

scenario(async (connection) => {
  const channel = await acquireConfirming(connection);
  const { queue } = await channel.queueDeclare({ exclusive: true });
  for (let number = 0; number < 5; number += 1) await channel.basicPublish(queue, `${number}`);

  const messages = [];
  while (messages.length < 5) messages.push(await channel.basicGet(queue));
  const nack = (message, requeue) =>
    channel.basicNack({ deliveryTag: message.deliveryTag, requeue });
  nack(messages[3], true);
  nack(messages[1], true);
  nack(messages[4], false);
  const again = [await channel.basicGet(queue), await channel.basicGet(queue)];
  assert.deepStrictEqual(bodies(again), ['1', '3']);
  assert.deepStrictEqual(redelivered(again), [true, true]);

  channel.basicNack({ deliveryTag: 0, multiple: true, requeue: true });
  const came = await take(await consume(channel, queue), 4);
  assert.deepStrictEqual(bodies(came), ['0', '1', '2', '3']);
  assert.deepStrictEqual(redelivered(came), [true, true, true, true]);
});
