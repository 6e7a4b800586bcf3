'use strict';
const assert = require('node:assert');
const support = require('../support');
const { connect, consume, name, publish, refuseArguments, scenario, texts } = support;

scenario(async (connection) => {
  const other = await connect();
  const channel = await connection.createConfirmChannel();
  const queue = name('single');
  const options = { autoDelete: true, arguments: { 'x-single-active-consumer': true } };
  await channel.assertQueue(queue, options);
  const [active, next] = [await connection.createChannel(), await connection.createChannel()];
  const last = await other.createChannel();
  await active.prefetch(2);
  const atActive = await consume(active, queue, {});
  const atNext = await consume(next, queue, {});
  const atLast = await consume(last, queue, {});
  await publish(channel, queue, ['1', '2']);
  const held = await atActive.take(2);
  assert.deepStrictEqual(texts(held), ['1', '2']);
  assert.deepStrictEqual(atNext.messages, []);

  await active.cancel(atActive.consumerTag);
  await publish(channel, queue, '3');
  assert.deepStrictEqual(texts(await atNext.take(1)), ['3']);
  active.reject(held[1], true);
  const [again] = await atNext.take(1);
  assert.deepStrictEqual([again.content.toString(), again.fields.redelivered], ['2', true]);
  active.ack(held[0]);

  assert.deepStrictEqual(atLast.messages, []);
  await next.close();
  const rest = await atLast.take(2);
  assert.deepStrictEqual(texts(rest), ['2', '3']);
  assert(rest.every((message) => message.fields.redelivered));
  last.ack(rest[1], true);
  await publish(channel, queue, '4');
  assert.deepStrictEqual(texts(await atLast.take(1)), ['4']);

  const text = "invalid arg 'x-single-active-consumer' for queue '{queue}' in vhost '/': ";
  const wrong = { 'x-single-active-consumer': 'true' };
  await refuseArguments(connection, [[wrong, `${text}{unacceptable_type,longstr}`]]);
  await other.close();
});
