'use strict';
const assert = require('node:assert');
const { consume, name, scenario } = require('../support');

const EXCHANGE = 'amq.rabbitmq.trace';

scenario(async (connection) => {
  const channel = await connection.createChannel();
  await channel.checkExchange(EXCHANGE);
  const { queue: traces } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(traces, EXCHANGE, '#');
  const deliveries = await consume(channel, traces);

  const [exchange, queue] = [name('traced'), name('queue')];
  const other = await connection.createChannel();
  await other.assertExchange(exchange, 'direct', { durable: false, autoDelete: true });
  await other.assertQueue(queue, { exclusive: true });
  await other.bindQueue(queue, exchange, 'hidden');
  const headers = { n: 5 };
  const options = { contentType: 'text/plain', persistent: true, CC: ['copied'], BCC: ['hidden'] };
  other.publish(exchange, 'key', Buffer.from('traced'), { ...options, headers });
  const received = await consume(other, queue, {});
  other.nack(await received.next(), false, true);

  const expected = [
    [`publish.${exchange}`, undefined],
    [`deliver.${queue}`, 0],
    [`deliver.${queue}`, 1],
  ];
  for (const [key, redelivered] of expected) {
    const { fields, properties, content } = await deliveries.next();
    assert.deepStrictEqual([fields.exchange, fields.routingKey], [EXCHANGE, key]);
    assert.strictEqual(content.toString(), 'traced');
    const told = properties.headers;
    assert.strictEqual(told.exchange_name, exchange);
    assert.deepStrictEqual(told.routing_keys, ['key', 'copied', 'hidden']);
    const { headers: kept, ...others } = told.properties;
    assert.deepStrictEqual([kept.CC, kept.BCC, kept.n], [['copied'], undefined, 5]);
    assert.deepStrictEqual({ ...others }, { content_type: 'text/plain', delivery_mode: 2 });
    assert.deepStrictEqual([told.vhost, told.user, told.channel], ['/', 'guest', other.ch]);
    assert(told.connection.length > 0 && told.node.includes('@'));
    assert.strictEqual(told.redelivered, redelivered);
    if (redelivered === undefined) assert.deepStrictEqual(told.routed_queues, [queue]);
  }

  other.publish('', 'nowhere', Buffer.from('unrouted'));
  const unrouted = await deliveries.next();
  assert.strictEqual(unrouted.fields.routingKey, 'publish.');
  assert.strictEqual(unrouted.content.toString(), 'unrouted');
});
