'use strict';
const assert = require('node:assert');
const { bodies, createPublisher, drain, name, refused, scenario } = require('../support');

const [main, second, last] = ['main', 'second', 'last'].map(name);

// The key of a message, its queue's, and the exchange and key by which it gets there.
const ROUTES = [['bound', main, 'bound'], ['caught.here', second, 'caught.*'], ['other', last, '']];

const declare = (on, exchange, type, alternate) =>
  on.exchangeDeclare({ exchange, type, arguments: { 'alternate-exchange': alternate } });

scenario(async (connection) => {
  const publisher = createPublisher(connection);
  const returned = [];
  publisher.on('basic.return', (message) => returned.push(message));
  await declare(connection, last, 'fanout');
  await declare(connection, second, 'topic', last);
  await declare(connection, main, 'direct', second);
  for (const [key, exchange, routingKey] of ROUTES) {
    await connection.queueDeclare({ queue: name(key), exclusive: true });
    await connection.queueBind({ queue: name(key), exchange, routingKey });
  }

  for (const [key] of ROUTES) {
    await publisher.send({ exchange: main, routingKey: key, mandatory: true }, key);
  }
  for (const [key] of ROUTES) {
    const messages = await drain(connection, name(key));
    assert.deepStrictEqual(bodies(messages), [key]);
    assert.deepStrictEqual([messages[0].exchange, messages[0].routingKey], [main, key]);
  }
  assert.deepStrictEqual(returned, []);

  const text = `inequivalent arg 'alternate-exchange' for exchange '${main}' in vhost '/': `
    + `received 'amq.fanout' but current is '${second}'`;
  const change = (other) => declare(other, main, 'direct', 'amq.fanout');
  await refused(connection, 'PRECONDITION_FAILED', text, change);
  for (const exchange of [main, second, last]) await connection.exchangeDelete({ exchange });
});
