'use strict';
const assert = require('node:assert');
const support = require('../support');
const { consume, deaths, drain, name, publish, receive, refuseArguments, scenario } = support;

const QUORUM = { 'x-queue-type': 'quorum' };
const CAREFUL = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };
const TEXT = "invalid arg 'x-dead-letter-strategy' for queue '{queue}' in vhost '/'";

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const [queue, dead] = ['careful', 'dead'].map(name);
  await channel.assertQueue(dead, { arguments: QUORUM });
  await channel.assertQueue(queue, {
    deadLetterExchange: '',
    deadLetterRoutingKey: dead,
    arguments: { ...QUORUM, ...CAREFUL },
  });
  await publish(channel, queue, 'rejected');
  await channel.prefetch(1);
  const deliveries = await consume(channel, queue, {});
  const rejected = await deliveries.next();
  await channel.cancel(deliveries.consumerTag);
  await publish(channel, queue, 'expires', { expiration: 100 });
  channel.reject(rejected, false);
  const messages = await receive(channel, dead, 2);
  const reasons = messages.map((message) => [message.content.toString(), deaths(message)]);
  const expected = {
    rejected: [[queue, 'rejected', 1]],
    expires: [[queue, 'expired', 1]],
  };
  assert.deepStrictEqual(Object.fromEntries(reasons), expected);
  assert.deepStrictEqual(await drain(channel, queue), []);
  for (const each of [queue, dead]) await channel.deleteQueue(each);

  const strategy = { 'x-dead-letter-strategy': 'sometimes' };
  const wrong = [{ ...QUORUM, ...strategy }, `${TEXT}: invalid_dlx_strategy`];
  await refuseArguments(connection, [wrong], { durable: true });
  const classic = [strategy, `${TEXT} of queue type rabbit_classic_queue`];
  await refuseArguments(connection, [classic]);
});
