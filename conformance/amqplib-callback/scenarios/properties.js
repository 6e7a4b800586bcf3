'use strict';
const assert = require('node:assert');
const { expected, headers, properties } = require('../../amqplib/properties');
const { ok, receive, scenario } = require('../support');

scenario((connection, done) => {
  connection.createChannel(ok((channel) => {
    channel.assertQueue('', { exclusive: true }, ok(({ queue }) => {
      channel.sendToQueue(queue, Buffer.from('all'), { ...properties, headers });
      channel.sendToQueue(queue, Buffer.from('none'));
      receive(channel, queue, 2, ([every, none]) => {
        for (const [key, value] of Object.entries(properties)) {
          assert.deepStrictEqual(every.properties[key], value, key);
        }
        assert.deepStrictEqual({ ...every.properties.headers }, expected);
        const { headers: noHeaders, deliveryMode, ...rest } = none.properties;
        assert.deepStrictEqual({ ...noHeaders }, {});
        assert(Object.values(rest).every((value) => value === undefined), rest);
        done();
      });
    }));
  }));
});
