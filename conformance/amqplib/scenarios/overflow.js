'use strict';
const assert = require('node:assert');
const support = require('../support');
const { accepted, deaths, drain, name, publish, receive, scenario, texts } = support;

const INVALID = "for queue '{queue}' in vhost '/': ";
const CASES = [
  [{ 'x-overflow': 'reject' }, `invalid arg 'x-overflow' ${INVALID}invalid_overflow`],
  [{ 'x-max-length': -1 }, `invalid arg 'x-max-length' ${INVALID}{value_negative,-1}`],
];

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const dead = name('dead');
  await channel.assertQueue(dead, { exclusive: true });
  const letters = { deadLetterExchange: '', deadLetterRoutingKey: dead };
  const declare = async (suffix, fields) => {
    const options = { exclusive: true, ...letters, arguments: fields };
    return (await channel.assertQueue(name(suffix), options)).queue;
  };
  const refusing = async (suffix, overflow) => {
    const queue = await declare(suffix, { 'x-max-length': 1, 'x-overflow': overflow });
    const outcomes = [];
    for (const text of ['1', '2', '3']) outcomes.push(await accepted(channel, queue, text));
    assert.deepStrictEqual(outcomes, [true, false, false]);
    return queue;
  };
  // Checks which messages left `queue` for want of room, and which it still holds.
  const expect = async (queue, died, kept) => {
    const messages = await receive(channel, dead, died.length);
    assert.deepStrictEqual(texts(messages), died);
    for (const message of messages) assert.deepStrictEqual(deaths(message), [[queue, 'maxlen', 1]]);
    assert.deepStrictEqual(texts(await drain(channel, queue)), kept);
  };

  const short = await declare('drop', { 'x-max-length': 2 });
  await publish(channel, short, ['1', '2', '3', '4']);
  await expect(short, ['1', '2'], ['3', '4']);
  const small = await declare('bytes', { 'x-max-length-bytes': 8 });
  await publish(channel, small, ['first', 'four', '4444']);
  await expect(small, ['first'], ['four', '4444']);

  const returned = await declare('returned', { 'x-max-length': 1 });
  await channel.prefetch(1);
  const deliveries = await support.consume(channel, returned, {});
  await publish(channel, returned, ['1', '2']);
  const first = await deliveries.next();
  assert.deepStrictEqual(texts([first]), ['1']);
  channel.nack(first);
  assert.deepStrictEqual(texts(await deliveries.take(1)), ['2']);
  await expect(returned, ['1'], []);

  await expect(await refusing('reject', 'reject-publish'), [], ['1']);
  assert.deepStrictEqual(await drain(channel, dead), []);
  await expect(await refusing('reject-dlx', 'reject-publish-dlx'), ['2', '3'], ['1']);

  await support.refuseArguments(connection, CASES);
});
