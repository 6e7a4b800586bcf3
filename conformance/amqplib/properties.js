// Every property and header type that amqplib can send.
'use strict';

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

module.exports = { expected, headers, properties };
