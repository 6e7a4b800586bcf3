'use strict';
const assert = require('node:assert');
const { drainAll, inTurn, name, ok, publish, refused, scenario, texts } = require('../support');

const KINDS = {
  key: {},
  header: { 'hash-header': 'customer' },
  property: { 'hash-property': 'correlation_id' },
};
const WEIGHTS = ['10', '20', '10'];
const CUSTOMERS = Array.from({ length: 40 }, (_, number) => `${number}`);
const EACH = 2;

const declare = (channel, kind, fields) =>
  channel.assertExchange(name(kind), 'x-consistent-hash', { autoDelete: true, arguments: fields });

function checkShares(shares) {
  assert.strictEqual(shares.flat().length, CUSTOMERS.length * EACH);
  assert(shares.every((share) => share.length > 0));
  const distinct = shares.map((share) => [...new Set(share)]);
  assert.deepStrictEqual(distinct.flat().sort(), [...CUSTOMERS].sort());
}

function hashes(channel, [kind, fields], next) {
  const queues = WEIGHTS.map((_, number) => name(`${kind}.${number}`));
  const bind = ([number, queue], then) => {
    channel.assertQueue(queue, { exclusive: true });
    channel.bindQueue(queue, name(kind), WEIGHTS[number], {}, ok(then));
  };
  const send = (customer, then) => {
    const options = { exchange: name(kind), headers: { customer }, correlationId: customer };
    publish(channel, kind === 'key' ? customer : 'same', [customer], options, then);
  };
  declare(channel, kind, fields);
  inTurn([...queues.entries()], bind, () => {
    inTurn(Array(EACH).fill(CUSTOMERS).flat(), send, () => drainAll(channel, queues, (found) => {
      checkShares(found.map(texts));
      next();
    }));
  });
}

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    const bind = (weight) => (other) => other.bindQueue(name('key.0'), name('key'), weight);
    const both = { 'hash-header': 'a', 'hash-property': 'message_id' };
    const refusals = [
      ['The binding key must be greater than 0', bind('0')],
      ['The binding key must be an integer', bind('x')],
      ['hash-header and hash-property are mutually exclusive',
        (other) => declare(other, 'both', both)],
      ['Unsupported property: app_id',
        (other) => declare(other, 'other', { 'hash-property': 'app_id' })],
    ];
    const refuse = ([text, call], next) => refused(connection, 406, text, call, next);
    inTurn(Object.entries(KINDS), (kind, next) => hashes(channel, kind, next), () => {
      inTurn(refusals, refuse, done);
    });
  }));
});
