'use strict';
const assert = require('node:assert');
const { createPublisher, receive, scenario } = require('../support');

const headers = {
  text: 'grüße',
  true: true,
  false: false,
  byte: -100,
  short: -30_000,
  int: -70_000,
  long: 2 ** 40,
  big: 2n ** 62n,
  double: 0.1,
  nothing: null,
  list: ['one', 2, [true, null], { k: 'v' }],
  table: { inner: { deep: 1 }, empty: {} },
};
// Integers come back as numbers.
const expected = { ...headers, big: 2 ** 62 };

const properties = {
  contentType: 'application/json',
  contentEncoding: 'gzip',
  durable: true,
  deliveryMode: 2,
  priority: 5,
  correlationId: 'c-1',
  replyTo: 'somewhere',
  expiration: '60000',
  messageId: 'm-1',
  timestamp: 1_700_000_000,
  type: 'kind',
  userId: 'guest',
  appId: 'conformance',
};

scenario(async (connection) => {
  const { queue } = await connection.queueDeclare({ exclusive: true });
  const publisher = createPublisher(connection);
  await publisher.send({ routingKey: queue, ...properties, headers }, Buffer.from('all'));
  await publisher.send(queue, { any: ['JSON', null, 1] });
  await publisher.send(queue, Buffer.from('none'));

  const [every, json, none] = await receive(connection, queue, 3);
  for (const [key, value] of Object.entries(properties)) {
    assert.deepStrictEqual(every[key], value, key);
  }
  assert.deepStrictEqual({ ...every.headers }, expected);
  assert.deepStrictEqual(json.body, { any: ['JSON', null, 1] });
  for (const key of ['headers', ...Object.keys(properties)]) {
    const given = { deliveryMode: 1, durable: false, timestamp: none.timestamp };
    assert.deepStrictEqual(none[key], given[key], key);
  }
});
