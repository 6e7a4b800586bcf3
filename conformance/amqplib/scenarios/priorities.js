'use strict';
const assert = require('node:assert');
const { drain, name, publish, refuseArguments, scenario, texts } = require('../support');

const INVALID = "invalid arg 'x-max-priority' for queue '{queue}' in vhost '/': ";
const CASES = [
  [{ 'x-max-priority': 256 }, `${INVALID}{max_value_exceeded,256}`],
  [{ 'x-max-priority': -1 }, `${INVALID}{value_negative,-1}`],
  [{ 'x-max-priority': '5' }, `${INVALID}"expected integer, got longstr"`],
];
const MESSAGES = [['1', 1], ['3', 3], ['5', 5], ['9', 9], ['0', 0], ['3 again', 3]];

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const queue = name('priorities');
  await channel.assertQueue(queue, { exclusive: true, maxPriority: 5 });
  await publish(channel, queue, 'none');
  for (const [text, priority] of MESSAGES) await publish(channel, queue, text, { priority });
  const messages = await drain(channel, queue);
  assert.deepStrictEqual(texts(messages), ['5', '9', '3', '3 again', '1', 'none', '0']);
  const priorities = messages.map((message) => message.properties.priority);
  assert.deepStrictEqual(priorities, [5, 9, 3, 3, 1, undefined, 0]);

  await publish(channel, queue, 'low', { priority: 1 });
  await publish(channel, queue, ['high', 'higher'], { priority: 4 });
  let last;
  for (let count = 0; count < 3; count += 1) last = await channel.get(queue);
  channel.nack(last, true, true);
  const again = await drain(channel, queue);
  assert.deepStrictEqual(texts(again), ['high', 'higher', 'low']);
  assert(again.every((message) => message.fields.redelivered));

  await refuseArguments(connection, CASES);
});
