'use strict';
const assert = require('node:assert');
const { consume, name, receive, scenario } = require('../support');

const told = (message) =>
  (message.properties.headers['x-death'] ?? []).map((death) => [
    death.queue,
    death.reason,
    death.count,
  ]);

async function letters(channel) {
  const [exchange, dead, dying] = ['dlx', 'dead', 'dying'].map(name);
  await channel.assertExchange(exchange, 'topic', { autoDelete: true });
  await channel.assertQueue(dead, { exclusive: true });
  await channel.bindQueue(dead, exchange, '#');
  await channel.assertQueue(dying, { exclusive: true, deadLetterExchange: exchange });

  const options = { expiration: 50, persistent: true, headers: { n: 1 } };
  channel.sendToQueue(dying, Buffer.from('expires'), options);
  const [expired] = await receive(channel, dead, 1);
  assert.deepStrictEqual([expired.fields.exchange, expired.fields.routingKey], [exchange, dying]);
  assert.strictEqual(expired.properties.expiration, undefined);
  assert.strictEqual(expired.properties.deliveryMode, 2);
  assert.strictEqual(expired.properties.headers.n, 1);
  assert.deepStrictEqual(told(expired), [[dying, 'expired', 1]]);
  const [death] = expired.properties.headers['x-death'];
  assert.strictEqual(death['original-expiration'], '50');
  assert.deepStrictEqual(death['routing-keys'], [dying]);

  channel.sendToQueue(dying, Buffer.from('rejected'));
  const deliveries = await consume(channel, dying, {});
  channel.reject(await deliveries.next(), false);
  const [rejected] = await receive(channel, dead, 1);
  assert.deepStrictEqual(told(rejected), [[dying, 'rejected', 1]]);
  assert.strictEqual(rejected.properties.headers['x-first-death-queue'], dying);
}

async function attempts(channel) {
  const [work, wait] = ['work', 'wait'].map(name);
  const to = (queue) => ({ exclusive: true, deadLetterExchange: '', deadLetterRoutingKey: queue });
  await channel.assertQueue(work, to(wait));
  await channel.assertQueue(wait, { ...to(work), messageTtl: 50 });
  channel.sendToQueue(work, Buffer.from('job'));
  const jobs = await consume(channel, work, {});
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const job = await jobs.next();
    const expected = [
      [wait, 'expired', attempt],
      [work, 'rejected', attempt],
    ];
    assert.deepStrictEqual(told(job), attempt ? expected : []);
    channel.reject(job, false);
  }
}

scenario(async (connection) => {
  const channel = await connection.createChannel();
  await letters(channel);
  await attempts(channel);
});
