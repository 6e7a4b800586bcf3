'use strict';
const assert = require('node:assert');
const support = require('../support');
const { consume, deaths, drain, name, publish, receive, refuseArguments, scenario } = support;

const QUORUM = { 'x-queue-type': 'quorum' };
const PROPERTIES = [
  ['non-durable', { durable: false }],
  ['exclusive-owner', { durable: true, exclusive: true }],
  ['auto-delete', { durable: true, autoDelete: true }],
];

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const [queue, dead] = ['quorum', 'dead'].map(name);
  await channel.assertQueue(dead, { exclusive: true });
  await channel.assertQueue(queue, {
    deadLetterExchange: '',
    deadLetterRoutingKey: dead,
    arguments: { ...QUORUM, 'x-delivery-limit': 2 },
  });
  await publish(channel, queue, ['poison', 'good']);
  const jobs = await consume(channel, queue, {});
  const seen = { poison: [], good: [] };
  while (seen.poison.length + seen.good.length < 4) {
    const job = await jobs.next();
    const text = job.content.toString();
    const count = job.properties.headers['x-delivery-count'] ?? 0;
    seen[text].push([count, job.fields.redelivered]);
    if (text === 'good') channel.ack(job);
    else channel.reject(job, true);
  }
  assert.deepStrictEqual(seen.good, [[0, false]]);
  assert.deepStrictEqual(seen.poison, [[0, false], [1, true], [2, true]]);
  const [message] = await receive(channel, dead, 1);
  assert.strictEqual(message.content.toString(), 'poison');
  assert.deepStrictEqual(deaths(message), [[queue, 'delivery_limit', 1]]);
  assert.deepStrictEqual([await drain(channel, queue), jobs.messages], [[], []]);
  await channel.deleteQueue(queue);

  for (const [property, options] of PROPERTIES) {
    const text = `invalid property '${property}' for queue '{queue}' in vhost '/'`;
    await refuseArguments(connection, [[QUORUM, text]], options);
  }
  const text = "invalid arg 'x-max-priority' for queue '{queue}' in vhost '/'";
  const cases = [[{ ...QUORUM, 'x-max-priority': 5 }, `${text} of queue type rabbit_quorum_queue`]];
  await refuseArguments(connection, cases, { durable: true });
});
