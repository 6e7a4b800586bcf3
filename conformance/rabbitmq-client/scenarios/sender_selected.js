'use strict';
const assert = require('node:assert');
const { bodies, createPublisher, drain, name, refused, scenario } = require('../support');

const exchange = name('keys');
const KEYS = ['a', 'b', 'c'];
const queues = KEYS.map(name);

// What is published, with what key and copies, and which texts the three queues get.
const MESSAGES = [
  ['to all', { exchange, routingKey: 'a' }, { CC: ['b', 'a'], BCC: ['c'] },
    Array(3).fill(['to all'])],
  ['only copies', { exchange, routingKey: 'nowhere' }, { CC: ['c'] }, [[], [], ['only copies']]],
  ['by the default exchange', { routingKey: queues[0] },
    { CC: [queues[1], name('nowhere')], BCC: [queues[2]] },
    Array(3).fill(['by the default exchange'])],
];

scenario(async (connection) => {
  const publisher = createPublisher(connection);
  await connection.exchangeDeclare({ exchange, type: 'direct', autoDelete: true });
  for (const [index, queue] of queues.entries()) {
    await connection.queueDeclare({ queue, exclusive: true });
    await connection.queueBind({ queue, exchange, routingKey: KEYS[index] });
  }

  for (const [text, envelope, headers, expected] of MESSAGES) {
    await publisher.send({ ...envelope, headers }, text);
    const found = [];
    for (const queue of queues) found.push(await drain(connection, queue));
    assert.deepStrictEqual(found.map(bodies), expected);
    for (const message of found.flat()) {
      assert.strictEqual(message.routingKey, envelope.routingKey);
      assert.deepStrictEqual(message.headers, { CC: headers.CC });
    }
  }

  for (const header of ['CC', 'BCC']) {
    const text = `invalid message: {unacceptable_type_in_header,"${header}",longstr}`;
    const put = () => publisher.send({ routingKey: 'a', headers: { [header]: 'b' } }, 'x');
    await refused(connection, 'PRECONDITION_FAILED', text, put);
  }
});
