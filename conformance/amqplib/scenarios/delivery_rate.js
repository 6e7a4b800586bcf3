'use strict';
const assert = require('node:assert');
const { consume, name, publish, scenario, texts } = require('../support');

const RATE = 40;
const TEXTS = Array.from({ length: 20 }, (_, number) => `${number}`);

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const queue = name('rate');
  await channel.assertQueue(queue, { exclusive: true, arguments: { 'x-delivery-rate': RATE } });
  await publish(channel, queue, TEXTS);
  const started = performance.now();
  const deliveries = await consume(channel, queue);
  assert.deepStrictEqual(texts(await deliveries.take(TEXTS.length)), TEXTS);
  const seconds = (performance.now() - started) / 1000;
  assert(seconds >= (0.9 * (TEXTS.length - 2)) / RATE, 'they came too fast');
});
