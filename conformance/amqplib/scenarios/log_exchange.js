'use strict';
const assert = require('node:assert');
const { connect, consume, scenario } = require('../support');

const EXCHANGE = 'amq.rabbitmq.log';
const LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00 \[info\] <[^>]+> .*\n$/;

scenario(async (connection) => {
  const channel = await connection.createChannel();
  await channel.assertExchange(EXCHANGE, 'topic', { durable: true, internal: true });
  const { queue: lines } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(lines, EXCHANGE, 'info');
  const deliveries = await consume(channel, lines);

  const second = await connect();
  let line;
  do line = await deliveries.next();
  while (!line.content.includes("user 'guest' authenticated and granted access to vhost '/'"));
  await second.close();

  const { fields, properties, content } = line;
  assert.deepStrictEqual([fields.exchange, fields.routingKey], [EXCHANGE, 'info']);
  assert.match(content.toString(), LINE);
  assert.strictEqual(properties.contentType, 'text/plain');
  assert(properties.timestamp > 0 && properties.headers.node.includes('@'));
});
