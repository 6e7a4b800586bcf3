'use strict';
const assert = require('node:assert');
const { drainAll, inTurn, name, ok, publish, refused, scenario, texts } = require('../support');

const exchange = name('keys');
const KEYS = ['a', 'b', 'c'];
const queues = KEYS.map(name);

// What is published, with what key and copies, and which texts the three queues get.
const MESSAGES = [
  ['to all', 'a', { exchange, CC: ['b', 'a'], BCC: 'c' }, Array(3).fill(['to all'])],
  ['only copies', 'nowhere', { exchange, CC: 'c' }, [[], [], ['only copies']]],
  ['by the default exchange', queues[0], { CC: [queues[1], name('nowhere')], BCC: queues[2] },
    Array(3).fill(['by the default exchange'])],
];

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    const send = ([text, key, options, expected], next) =>
      publish(channel, key, [text], options, () => drainAll(channel, queues, (found) => {
        assert.deepStrictEqual(found.map(texts), expected);
        for (const { fields, properties } of found.flat()) {
          assert.strictEqual(fields.routingKey, key);
          assert.deepStrictEqual({ ...properties.headers }, { CC: [options.CC].flat() });
        }
        next();
      }));
    const refuse = (header, next) => {
      const text = `invalid message: {unacceptable_type_in_header,"${header}",longstr}`;
      const headers = { [header]: 'b' };
      const put = (other) => other.sendToQueue('a', Buffer.from('x'), { headers });
      refused(connection, 406, text, put, next);
    };
    const bind = (key, next) => {
      channel.assertQueue(name(key), { exclusive: true });
      channel.bindQueue(name(key), exchange, key, {}, ok(next));
    };
    channel.assertExchange(exchange, 'direct', { autoDelete: true });
    inTurn(KEYS, bind, () => inTurn(MESSAGES, send, () => inTurn(['CC', 'BCC'], refuse, done)));
  }));
});
