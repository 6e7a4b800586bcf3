'use strict';
const assert = require('node:assert');
const support = require('../support');
const { bodies, connect, control, createConsumer, createPublisher } = support;
const { name, next, run, take, within } = support;

const [queue, exchange, passing] = ['durable', 'exchange', 'passing'].map(name);
const exchanges = [{ exchange, type: 'direct' }];

run(async () => {
  const connection = await connect();
  const failure = next(connection, 'error');
  const publisher = createPublisher(connection, { exchanges });
  const publish = (text, routingKey, durable) => {
    return publisher.send({ exchange, routingKey, durable }, text);
  };
  const bind = (routingKey) => ({ exchanges, queueBindings: [{ exchange, routingKey }] });

  // A task is at work when the broker dies; its end, which cannot be told, lets the consumer go on.
  const tasks = [];
  const task = { queue, queueOptions: { durable: true }, qos: { prefetchCount: 1 } };
  let finish;
  const end = new Promise((resolve) => {
    finish = resolve;
  });
  const worker = await createConsumer(connection, { ...task, ...bind('task') }, (message) => {
    tasks.push(message);
    return end;
  });
  const messages = [];
  const passed = { queue: passing, queueOptions: { autoDelete: true }, ...bind('passing') };
  const listener = await createConsumer(connection, passed, (message) => {
    messages.push(message);
  });
  for (const text of ['1', '2']) await publish(text, 'task', true);
  await publish('transient', 'task', false);
  assert.deepStrictEqual(bodies(await take(tasks, 1)), ['1']);

  const unacknowledged = next(worker, 'error');
  const ready = Promise.all([worker, listener].map((consumer) => next(consumer, 'ready')));
  await control('/broker/kill');
  await within(failure, "the broker's death went unnoticed");
  finish();
  assert.match((await unacknowledged).message, /failed to ack/);
  await control('/broker/start');
  await within(ready, 'the consumers did not come back');

  await publish('3', 'task', true);
  await publish('at once', 'passing', false);
  assert.deepStrictEqual(bodies(await take(tasks, 3)), ['1', '2', '3']);
  assert.deepStrictEqual(bodies(await take(messages, 1)), ['at once']);
  await worker.close();
  await connection.queueDelete(queue);
  await connection.exchangeDelete({ exchange });
});
