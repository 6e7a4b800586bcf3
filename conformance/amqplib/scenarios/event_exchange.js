'use strict';
const assert = require('node:assert');
const { consume, name, scenario } = require('../support');

const EXCHANGE = 'amq.rabbitmq.event';

scenario(async (connection) => {
  const channel = await connection.createChannel();
  await channel.checkExchange(EXCHANGE);
  const { queue: events } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(events, EXCHANGE, 'queue.*');
  const deliveries = await consume(channel, events);

  const watched = name('watched');
  await channel.assertQueue(watched, { durable: true, maxLength: 5 });
  await channel.deleteQueue(watched);

  // The next event of the watched queue.
  const nextEvent = async () => {
    for (;;) {
      const event = await deliveries.next();
      if (event.properties.headers.name === watched) return event;
    }
  };
  const { fields, properties, content } = await nextEvent();
  assert.deepStrictEqual([fields.exchange, fields.routingKey], [EXCHANGE, 'queue.created']);
  assert.deepStrictEqual([content.length, properties.deliveryMode], [0, 2]);
  assert.deepStrictEqual([properties.headers.vhost, properties.headers.durable], ['/', true]);
  const milliseconds = properties.headers.timestamp_in_ms;
  assert.strictEqual(Math.floor(milliseconds / 1000), properties.timestamp);
  assert.strictEqual((await nextEvent()).fields.routingKey, 'queue.deleted');
});
