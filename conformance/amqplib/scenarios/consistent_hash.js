'use strict';
const assert = require('node:assert');
const { drain, name, publish, refused, scenario, texts } = require('../support');

const KINDS = {
  key: {},
  header: { 'hash-header': 'customer' },
  property: { 'hash-property': 'correlation_id' },
};
const CUSTOMERS = Array.from({ length: 40 }, (_, number) => `${number}`);
const EACH = 2;

const declare = (channel, kind, fields) =>
  channel.assertExchange(name(kind), 'x-consistent-hash', { autoDelete: true, arguments: fields });

async function shares(channel, kind, fields) {
  const { exchange } = await declare(channel, kind, fields);
  const queues = ['10', '20', '10'].map((weight, number) => [name(`${kind}.${number}`), weight]);
  for (const [queue, weight] of queues) {
    await channel.assertQueue(queue, { exclusive: true });
    await channel.bindQueue(queue, exchange, weight);
  }
  for (const customer of Array(EACH).fill(CUSTOMERS).flat()) {
    const key = kind === 'key' ? customer : 'same';
    const options = { exchange, headers: { customer }, correlationId: customer };
    await publish(channel, key, customer, options);
  }
  const found = [];
  for (const [queue] of queues) found.push(texts(await drain(channel, queue)));
  return found;
}

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  for (const [kind, fields] of Object.entries(KINDS)) {
    const found = await shares(channel, kind, fields);
    assert.strictEqual(found.flat().length, CUSTOMERS.length * EACH);
    assert(found.every((share) => share.length > 0));
    const distinct = found.map((share) => [...new Set(share)]);
    assert.deepStrictEqual(distinct.flat().sort(), [...CUSTOMERS].sort());
  }

  const { exchange } = await declare(channel, 'wrong', {});
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (const [weight, text] of [['0', 'must be greater than 0'], ['x', 'must be an integer']]) {
    const bind = (other) => other.bindQueue(queue, exchange, weight);
    await refused(connection, 406, `The binding key ${text}`, bind);
  }
  const both = { 'hash-header': 'a', 'hash-property': 'message_id' };
  const exclusive = 'hash-header and hash-property are mutually exclusive';
  await refused(connection, 406, exclusive, (other) => declare(other, 'both', both));
  const unknown = (other) => declare(other, 'other', { 'hash-property': 'app_id' });
  await refused(connection, 406, 'Unsupported property: app_id', unknown);
  await channel.deleteExchange(exchange);
});
