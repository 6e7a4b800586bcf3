'use strict';
const assert = require('node:assert');
const { consume, name, publish, refused, scenario } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  await channel.prefetch(1);
  const queue = name('ranked');
  await channel.assertQueue(queue, { exclusive: true });
  const low = await consume(channel, queue, { priority: -5 });
  const middle = await consume(channel, queue, {});
  const high = await consume(channel, queue, { priority: 10 });
  const next = async (deliveries, text) => {
    const message = await deliveries.next();
    assert.strictEqual(message.content.toString(), text);
    return message;
  };

  await publish(channel, queue, ['1', '2', '3', '4', '5', '6']);
  const first = await next(high, '1');
  const second = await next(middle, '2');
  const third = await next(low, '3');
  channel.ack(second);
  const fourth = await next(middle, '4');
  channel.ack(first);
  const fifth = await next(high, '5');

  await channel.cancel(high.consumerTag);
  channel.ack(fifth);
  channel.ack(third);
  await next(low, '6');
  channel.ack(fourth);
  await publish(channel, queue, '7');
  await next(middle, '7');
  assert.deepStrictEqual(high.messages, []);

  const text = `invalid arg 'x-priority' for queue '${queue}' in vhost '/': `;
  const wrong = { arguments: { 'x-priority': 'high' } };
  const consumeAt = (other) => other.consume(queue, () => {}, wrong);
  await refused(connection, 406, `${text}"expected integer, got longstr"`, consumeAt);
});
