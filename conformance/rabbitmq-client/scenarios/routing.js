'use strict';
const assert = require('node:assert');
const { bodies, createPublisher, drain, name, scenario } = require('../support');

const exchange = name('direct_logs');

scenario(async (connection) => {
  await connection.exchangeDeclare({ exchange, type: 'direct' });
  const { queue: errors } = await connection.queueDeclare({ exclusive: true });
  const { queue: everything } = await connection.queueDeclare({ exclusive: true });
  await connection.queueBind({ queue: errors, exchange, routingKey: 'error' });
  for (const routingKey of ['info', 'warning', 'error']) {
    await connection.queueBind({ queue: everything, exchange, routingKey });
  }

  const publisher = createPublisher(connection);
  for (const severity of ['info', 'error', 'debug', 'warning']) {
    await publisher.send({ exchange, routingKey: severity }, severity);
  }

  assert.deepStrictEqual(bodies(await drain(connection, errors)), ['error']);
  assert.deepStrictEqual(bodies(await drain(connection, everything)), ['info', 'error', 'warning']);
  await connection.exchangeDelete({ exchange });
});
