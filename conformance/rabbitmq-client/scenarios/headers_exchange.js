'use strict';
const assert = require('node:assert');
const { bodies, createPublisher, drain, name, refused, scenario } = require('../support');

scenario(async (connection) => {
  const exchange = name('headers');
  await connection.exchangeDeclare({ exchange, type: 'headers', autoDelete: true });
  const queues = {};
  for (const match of ['all', 'any']) {
    const { queue } = await connection.queueDeclare({ exclusive: true });
    const wanted = { 'x-match': match, format: 'pdf', pages: 2 };
    await connection.queueBind({ queue, exchange, routingKey: 'ignored', arguments: wanted });
    queues[match] = queue;
  }

  const publisher = createPublisher(connection);
  await publisher.send({ exchange, headers: { format: 'pdf', pages: 2, x: 1 } }, 'both');
  await publisher.send({ exchange, headers: { format: 'pdf', pages: 3 } }, 'one');
  await publisher.send({ exchange, headers: { format: 'PDF' } }, 'none');
  await publisher.send({ exchange }, 'bare');

  assert.deepStrictEqual(bodies(await drain(connection, queues.all)), ['both']);
  assert.deepStrictEqual(bodies(await drain(connection, queues.any)), ['both', 'one']);

  const wrong = { queue: queues.all, exchange, arguments: { 'x-match': 'some' } };
  const bind = (channel) => channel.queueBind(wrong);
  await refused(connection, 'PRECONDITION_FAILED', 'Invalid x-match field value', bind);
});
