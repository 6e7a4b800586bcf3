'use strict';
const assert = require('node:assert');
const { consume, name, refused, scenario } = require('../support');

const KIND = 'x-delayed-message';
const DELAY = 300;

scenario(async (connection) => {
  const channel = await connection.createChannel();
  const [exchange, some, other] = ['delayed', 'some', 'other'].map(name);
  const options = { autoDelete: true, arguments: { 'x-delayed-type': 'direct' } };
  await channel.assertExchange(exchange, KIND, options);
  for (const [queue, key] of [[some, 'some'], [other, 'other']]) {
    await channel.assertQueue(queue, { exclusive: true });
    await channel.bindQueue(queue, exchange, key);
  }
  const published = performance.now();
  const put = (key, text, headers) =>
    channel.publish(exchange, key, Buffer.from(text), { headers });
  put('some', 'last', { 'x-delay': 2 * DELAY });
  put('some', 'later', { 'x-delay': DELAY });
  put('some', 'now', {});
  put('other', 'elsewhere', { 'x-delay': 1 });

  const deliveries = await consume(channel, some);
  for (const [text, after] of [['now', 0], ['later', DELAY], ['last', 2 * DELAY]]) {
    const { fields, properties, content } = await deliveries.next();
    assert.strictEqual(content.toString(), text);
    assert(performance.now() - published >= after, 'it came too early');
    assert.deepStrictEqual([fields.exchange, fields.routingKey], [exchange, 'some']);
    assert.strictEqual(properties.headers['x-delay'] ?? 0, 0 - after);
  }
  const elsewhere = await (await consume(channel, other)).next();
  assert.strictEqual(elsewhere.content.toString(), 'elsewhere');

  const text = "Invalid argument, 'x-delayed-type' must be an existing exchange type";
  await refused(connection, 406, text, (each) => each.assertExchange(name('none'), KIND));
});
