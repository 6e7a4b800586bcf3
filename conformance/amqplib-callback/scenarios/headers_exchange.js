'use strict';
const assert = require('node:assert');
const { drainAll, inTurn, name, ok, publish, refused, scenario, texts } = require('../support');

const exchange = name('headers');
const [all, any] = ['all', 'any'].map(name);
const MESSAGES = [
  ['both', { format: 'pdf', pages: 2, x: 1 }],
  ['one', { format: 'pdf', pages: 3 }],
  ['none', { format: 'PDF' }],
  ['bare', {}],
];

scenario((connection, done) => {
  const wrong = (channel) => channel.bindQueue(all, exchange, '', { 'x-match': 'some' });
  connection.createConfirmChannel(ok((channel) => {
    const wanted = (match) => ({ 'x-match': match, format: 'pdf', pages: 2 });
    channel.assertExchange(exchange, 'headers', { autoDelete: true });
    for (const queue of [all, any]) channel.assertQueue(queue, { exclusive: true });
    channel.bindQueue(all, exchange, 'ignored', wanted('all'));
    channel.bindQueue(any, exchange, 'ignored', wanted('any'), ok(() => {
      const send = ([text, headers], next) =>
        publish(channel, '', [text], { exchange, headers }, next);
      inTurn(MESSAGES, send, () => drainAll(channel, [all, any], (found) => {
        assert.deepStrictEqual(found.map(texts), [['both'], ['both', 'one']]);
        refused(connection, 406, 'Invalid x-match field value', wrong, done);
      }));
    }));
  }));
});
