'use strict';
const assert = require('node:assert');
const { receive, scenario } = require('../support');

const headers = {
  text: 'grüße',
  octets: Buffer.from([0, 255]),
  true: true,
  false: false,
  byte: -100,
  short: -30_000,
  int: -70_000,
  long: 2 ** 40,
  double: 0.1,
  nothing: null,
  list: ['one', 2, [true, null], { k: 'v' }],
  table: { inner: { deep: 1 }, empty: {} },
  time: { '!': 'timestamp', value: 1_700_000_000 },
  decimal: { '!': 'decimal', value: { places: 2, digits: 1234 } },
  float: { '!': 'float', value: 0.5 },
  wide: { '!': 'int64', value: 7 },
};
const properties = {
  contentType: 'application/json',
  contentEncoding: 'gzip',
  deliveryMode: 2,
  priority: 5,
  correlationId: 'c-1',
  replyTo: 'somewhere',
  messageId: 'm-1',
  timestamp: 1_700_000_000,
  type: 'kind',
  userId: 'guest',
  appId: 'conformance',
};

// Typed values come back as plain ones, save for timestamps and decimals.
const expected = { ...headers, float: 0.5, wide: 7 };

scenario(async (connection) => {
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.from('all'), { ...properties, headers });
  channel.sendToQueue(queue, Buffer.from('none'));

  const [every, none] = await receive(channel, queue, 2);
  for (const [key, value] of Object.entries(properties)) {
    assert.deepStrictEqual(every.properties[key], value, key);
  }
  assert.deepStrictEqual(Object.keys(every.properties.headers).sort(), Object.keys(headers).sort());
  for (const [key, value] of Object.entries(expected)) {
    assert.deepStrictEqual(every.properties.headers[key], value, key);
  }
  const { headers: noHeaders, deliveryMode, ...rest } = none.properties;
  assert.deepStrictEqual({ ...noHeaders }, {});
  assert.ok(Object.values(rest).every((value) => value === undefined), rest);
});
