'use strict';
const assert = require('node:assert');
const { connect, consume, control, lost, name, publish, run, within } = require('../support');

run(async () => {
  const connection = await connect('?heartbeat=1');
  const failure = lost(connection);
  const channel = await connection.createConfirmChannel();
  const queue = name('held');
  await channel.assertQueue(queue);
  await publish(channel, queue, 'held');
  const held = await (await consume(channel, queue, {})).next();
  assert.strictEqual(held.content.toString(), 'held');

  await control('/client/freeze?seconds=5');

  const other = await connect();
  const polling = await other.createChannel();
  const again = await polling.get(queue);
  assert.strictEqual(again.content.toString(), 'held');
  assert(again.fields.redelivered);
  await within(failure, 'a connection that was given up was not noticed');
  assert.throws(() => channel.ack(held), /closed/i);
  await polling.deleteQueue(queue);
  await other.close();
});
