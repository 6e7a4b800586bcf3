'use strict';
const assert = require('node:assert');
const { bodies, name, publish, scenario } = require('../support');

const PUBLISHERS = 8;
const MESSAGES = 250;
const count = (length) => Array.from({ length }, (_, number) => number);

scenario(async (connection) => {
  const queue = name('shared');
  const consumer = await connection.createChannel();
  await consumer.assertQueue(queue, { exclusive: true });
  const series = count(PUBLISHERS).map((number) => count(MESSAGES).map((n) => `${number} ${n}`));

  const publisher = async (texts) => publish(await connection.createConfirmChannel(), queue, texts);
  await Promise.all(series.map(publisher));

  const received = await bodies(consumer, queue, PUBLISHERS * MESSAGES);
  for (const [number, texts] of series.entries()) {
    assert.deepStrictEqual(received.filter((text) => text.startsWith(`${number} `)), texts);
  }
  assert.strictEqual((await consumer.checkQueue(queue)).messageCount, 0);
});
