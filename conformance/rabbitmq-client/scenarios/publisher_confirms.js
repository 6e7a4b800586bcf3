'use strict';
const assert = require('node:assert');
const { createPublisher, name, scenario } = require('../support');

const queue = name('confirms');

scenario(async (connection) => {
  const publisher = createPublisher(connection, { queues: [{ queue, durable: true }] });
  const send = (text) => publisher.send({ routingKey: queue, durable: true }, text);
  const count = async () => (await connection.queueDeclare({ queue, passive: true })).messageCount;

  for (let number = 0; number < 20; number += 1) await send(`single ${number}`);
  assert.strictEqual(await count(), 20);

  const batch = Array.from({ length: 500 }, (_, number) => send(`batch ${number}`));
  await Promise.all(batch);
  assert.strictEqual(await count(), 520);

  await publisher.send(name('nowhere'), 'dropped');
  assert.strictEqual((await connection.queueDelete(queue)).messageCount, 520);
});
