'use strict';
const assert = require('node:assert');
const { control, name, next, scenario, take, within } = require('../support');

const [queue, exchange, passing] = ['durable', 'exchange', 'passing'].map(name);

scenario(async (connection) => {
  const [held, passed] = [[], []];
  const setup = async (raw) => {
    await raw.assertExchange(exchange, 'direct', { durable: false });
    await raw.assertQueue(queue);
    await raw.bindQueue(queue, exchange, 'key');
  };
  const channel = connection.createChannel({ setup });
  await channel.addSetup(async (raw) => {
    await raw.assertQueue(passing, { durable: false });
    await raw.consume(passing, (message) => passed.push(message), { noAck: true });
  });
  await channel.consume(queue, (message) => held.push(message), { prefetch: 10 });
  await within(channel.waitForConnect(), 'not connected');
  const publish = (text) => channel.publish(exchange, 'key', text, { persistent: true });
  for (const text of ['1', '2']) await publish(text);
  await channel.publish(exchange, 'key', 'transient');
  assert.deepStrictEqual(await take(held, 3), ['1', '2', 'transient']);
  const [disconnected, connected] = [next(connection, 'disconnect'), next(channel, 'connect')];

  await control('/broker/kill');
  await within(disconnected, "the broker's death went unnoticed");
  await control('/broker/start');
  await within(connected, 'the channel did not come back');

  await publish('3');
  assert.deepStrictEqual(await take(held, 3), ['1', '2', '3']);
  await channel.sendToQueue(passing, 'at once');
  assert.deepStrictEqual(await take(passed, 1), ['at once']);
  await channel.cancelAll();
  for (const each of [queue, passing]) await channel.deleteQueue(each);
  await channel.deleteExchange(exchange);
});
