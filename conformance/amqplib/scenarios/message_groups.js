'use strict';
const assert = require('node:assert');
const { consume, name, publish, scenario } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const queue = name('groups');
  await channel.assertQueue(queue, { exclusive: true, arguments: { 'x-group-key': 'customer' } });
  const [first, second] = [await connection.createChannel(), await connection.createChannel()];
  for (const worker of [first, second]) await worker.prefetch(1);
  const [one, two] = [await consume(first, queue, {}), await consume(second, queue, {})];
  for (const text of ['a1', 'a2', 'a3', 'b1', 'b2']) {
    await publish(channel, queue, text, { headers: { customer: text[0] } });
  }
  const next = async (deliveries, text) => {
    const message = await deliveries.next();
    assert.strictEqual(message.content.toString(), text);
    return message;
  };

  await next(one, 'a1');
  second.ack(await next(two, 'b1'));
  second.ack(await next(two, 'b2'));
  await channel.checkQueue(queue);
  assert.deepStrictEqual(two.messages, [], 'a2 waits for a1, which is not settled');
  await first.close();
  for (const text of ['a1', 'a2', 'a3']) second.ack(await next(two, text));
});
