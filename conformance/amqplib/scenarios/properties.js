'use strict';
const assert = require('node:assert');
const { expected, headers, properties } = require('../properties');
const { receive, scenario } = require('../support');

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
