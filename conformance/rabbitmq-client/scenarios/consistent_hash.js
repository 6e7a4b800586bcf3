'use strict';
const assert = require('node:assert');
const { bodies, createPublisher, drain, name, refused, scenario } = require('../support');

const KINDS = {
  key: {},
  header: { 'hash-header': 'customer' },
  property: { 'hash-property': 'correlation_id' },
};
const CUSTOMERS = Array.from({ length: 40 }, (_, number) => `${number}`);
const EACH = 2;

const declare = (on, exchange, fields) =>
  on.exchangeDeclare({ exchange, type: 'x-consistent-hash', autoDelete: true, arguments: fields });

async function shares(connection, kind, fields) {
  const exchange = name(kind);
  await declare(connection, exchange, fields);
  const queues = [];
  for (const routingKey of ['10', '20', '10']) {
    const { queue } = await connection.queueDeclare({ exclusive: true });
    await connection.queueBind({ queue, exchange, routingKey });
    queues.push(queue);
  }
  const publisher = createPublisher(connection);
  for (const customer of Array(EACH).fill(CUSTOMERS).flat()) {
    const routingKey = kind === 'key' ? customer : 'same';
    const properties = { headers: { customer }, correlationId: customer };
    await publisher.send({ exchange, routingKey, ...properties }, customer);
  }
  const found = [];
  for (const queue of queues) found.push(bodies(await drain(connection, queue)));
  return found;
}

scenario(async (connection) => {
  for (const [kind, fields] of Object.entries(KINDS)) {
    const found = await shares(connection, kind, fields);
    assert.strictEqual(found.flat().length, CUSTOMERS.length * EACH);
    assert(found.every((share) => share.length > 0));
    const distinct = found.map((share) => [...new Set(share)]);
    assert.deepStrictEqual(distinct.flat().sort(), [...CUSTOMERS].sort());
  }

  const { queue } = await connection.queueDeclare({ exclusive: true });
  const bind = (routingKey) => (channel) =>
    channel.queueBind({ queue, exchange: name('key'), routingKey });
  const declaring = (fields) => (channel) => declare(channel, name('wrong'), fields);
  const refusals = [
    ['The binding key must be greater than 0', bind('0')],
    ['The binding key must be an integer', bind('x')],
    ['hash-header and hash-property are mutually exclusive',
      declaring({ 'hash-header': 'a', 'hash-property': 'message_id' })],
    ['Unsupported property: app_id', declaring({ 'hash-property': 'app_id' })],
  ];
  for (const [text, call] of refusals) {
    await refused(connection, 'PRECONDITION_FAILED', text, call);
  }
});
