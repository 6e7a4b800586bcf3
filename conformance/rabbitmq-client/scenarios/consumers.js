'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquire, acquireConfirming, bodies, consume, redelivered } = support;
const { refused, scenario, settled } = support;

const priority = (number) => ({ arguments: { 'x-priority': number } });

async function priorities(connection) {
  const channel = await acquireConfirming(connection);
  const { queue } = await channel.queueDeclare({ exclusive: true });
  await channel.basicQos({ prefetchCount: 1 });
  const low = await consume(channel, queue, priority(-1));
  const high = await consume(channel, queue, priority(10));
  for (const text of ['1', '2', '3']) await channel.basicPublish(queue, text);
  await settled([high, 1], [low, 1]);
  channel.basicAck(high[0]);
  await settled([high, 2], [low, 1]);
  assert.deepStrictEqual([bodies(high), bodies(low)], [['1', '3'], ['2']]);
}

async function singleActive(connection) {
  const first = await acquireConfirming(connection);
  const second = await acquire(connection);
  const { queue } = await first.queueDeclare({
    exclusive: true,
    arguments: { 'x-single-active-consumer': true },
  });
  const active = await consume(first, queue);
  const waiting = await consume(second, queue);
  for (const text of ['1', '2']) await first.basicPublish(queue, text);
  await settled([active, 2], [waiting, 0]);
  await first.close();
  await settled([waiting, 2]);
  assert.deepStrictEqual(bodies(waiting), ['1', '2']);
  assert.deepStrictEqual(redelivered(waiting), [true, true]);
  const exclusive = (channel) => consume(channel, queue, { exclusive: true });
  await refused(connection, 'ACCESS_REFUSED', queue, exclusive);
}

scenario(async (connection) => {
  await priorities(connection);
  await singleActive(connection);
});
