'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquireConfirming, bodies, consume, drain, name } = support;
const { redelivered, refuseArguments, scenario, take } = support;

const queue = name('priorities');
const INVALID = "invalid arg 'x-max-priority' for queue '{queue}' in vhost '/': ";
const CASES = [
  [{ 'x-max-priority': 256 }, `${INVALID}{max_value_exceeded,256}`],
  [{ 'x-max-priority': '5' }, `${INVALID}"expected integer, got longstr"`],
];
const MESSAGES = [
  ['none'],
  ['1', 1],
  ['3', 3],
  ['5', 5],
  ['9', 9],
  ['0', 0],
  ['3 again', 3],
];
const AGAIN = [['low', 1], ['high', 4], ['higher', 4]];

scenario(async (connection) => {
  const channel = await acquireConfirming(connection);
  const publish = async (messages) => {
    for (const [text, priority] of messages) {
      await channel.basicPublish({ routingKey: queue, priority }, text);
    }
  };
  await channel.queueDeclare({ queue, exclusive: true, arguments: { 'x-max-priority': 5 } });
  await publish(MESSAGES);
  const messages = await drain(connection, queue);
  assert.deepStrictEqual(bodies(messages), ['5', '9', '3', '3 again', '1', 'none', '0']);
  const priorities = messages.map(({ priority }) => priority);
  assert.deepStrictEqual(priorities, [5, 9, 3, 3, 1, undefined, 0]);

  await publish(AGAIN);
  while (await channel.basicGet(queue));
  channel.basicNack({ deliveryTag: 0, multiple: true });
  const again = await take(await consume(channel, queue), AGAIN.length);
  assert.deepStrictEqual(bodies(again), ['high', 'higher', 'low']);
  assert.deepStrictEqual(redelivered(again), [true, true, true]);

  await refuseArguments(connection, CASES);
});
