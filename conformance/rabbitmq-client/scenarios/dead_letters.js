'use strict';
const assert = require('node:assert');
const { ConsumerStatus } = require('rabbitmq-client');
const support = require('../support');
const { createConsumer, createPublisher, deaths, name, receive, scenario, take } = support;

const [exchange, dead, dying, work, wait] = ['dlx', 'dead', 'dying', 'work', 'wait'].map(name);

// Has a consumer reject what comes; the messages.
async function rejecting(connection, queue) {
  const messages = [];
  const options = { queue, queueOptions: { passive: true } };
  await createConsumer(connection, options, (message) => {
    messages.push(message);
    return ConsumerStatus.DROP;
  });
  return messages;
}

async function letters(connection) {
  await connection.exchangeDeclare({ exchange, type: 'topic', autoDelete: true });
  await connection.queueDeclare({ queue: dead, exclusive: true });
  await connection.queueBind({ queue: dead, exchange, routingKey: '#' });
  const letter = { 'x-dead-letter-exchange': exchange };
  await connection.queueDeclare({ queue: dying, exclusive: true, arguments: letter });

  const publisher = createPublisher(connection);
  const envelope = { expiration: '50', durable: true, headers: { n: 1 } };
  await publisher.send({ routingKey: dying, ...envelope }, 'expires');
  const [expired] = await receive(connection, dead, 1);
  assert.deepStrictEqual([expired.exchange, expired.routingKey], [exchange, dying]);
  assert.deepStrictEqual([expired.expiration, expired.durable], [undefined, true]);
  assert.strictEqual(expired.headers.n, 1);
  assert.deepStrictEqual(deaths(expired), [[dying, 'expired', 1]]);
  const [death] = expired.headers['x-death'];
  assert.strictEqual(death['original-expiration'], '50');
  assert.deepStrictEqual(death['routing-keys'], [dying]);

  await rejecting(connection, dying);
  await publisher.send(dying, 'rejected');
  const [rejected] = await receive(connection, dead, 1);
  assert.deepStrictEqual(deaths(rejected), [[dying, 'rejected', 1]]);
  assert.strictEqual(rejected.headers['x-first-death-queue'], dying);
}

async function attempts(connection) {
  const to = (queue) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue });
  await connection.queueDeclare({ queue: work, exclusive: true, arguments: to(wait) });
  const waiting = { ...to(work), 'x-message-ttl': 50 };
  await connection.queueDeclare({ queue: wait, exclusive: true, arguments: waiting });
  const jobs = await rejecting(connection, work);
  await createPublisher(connection).send(work, 'job');
  for (const [attempt, job] of (await take(jobs, 4)).entries()) {
    const expected = [
      [wait, 'expired', attempt],
      [work, 'rejected', attempt],
    ];
    assert.deepStrictEqual(deaths(job), attempt ? expected : []);
  }
}

scenario(async (connection) => {
  await letters(connection);
  await attempts(connection);
});
