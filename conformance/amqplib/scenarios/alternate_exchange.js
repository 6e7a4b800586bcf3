'use strict';
const assert = require('node:assert');
const { drain, name, publish, refused, scenario, texts } = require('../support');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const returned = [];
  channel.on('return', (message) => returned.push(message));
  const [main, second, last] = ['main', 'second', 'last'].map(name);
  const [bound, caught, rest] = ['bound', 'caught', 'rest'].map(name);
  for (const queue of [bound, caught, rest]) await channel.assertQueue(queue, { exclusive: true });
  const declare = (on, exchange, type, alternateExchange) =>
    on.assertExchange(exchange, type, { durable: false, alternateExchange });
  await declare(channel, last, 'fanout');
  await declare(channel, second, 'topic', last);
  await declare(channel, main, 'direct', second);
  await channel.bindQueue(bound, main, 'bound');
  await channel.bindQueue(caught, second, 'caught.*');
  await channel.bindQueue(rest, last, '');

  for (const [queue, key] of [[bound, 'bound'], [caught, 'caught.here'], [rest, 'anything']]) {
    await publish(channel, key, key, { exchange: main, mandatory: true });
    const messages = await drain(channel, queue);
    assert.deepStrictEqual(texts(messages), [key]);
    const { exchange, routingKey } = messages[0].fields;
    assert.deepStrictEqual([exchange, routingKey], [main, key]);
  }
  for (const queue of [bound, caught, rest]) {
    assert.deepStrictEqual(await drain(channel, queue), []);
  }
  assert.deepStrictEqual(returned, []);

  const text = `inequivalent arg 'alternate-exchange' for exchange '${main}' in vhost '/': `;
  const current = `received '${last}' but current is '${second}'`;
  const change = (other) => declare(other, main, 'direct', last);
  await refused(connection, 406, text + current, change);
  for (const exchange of [main, second, last]) await channel.deleteExchange(exchange);
});
