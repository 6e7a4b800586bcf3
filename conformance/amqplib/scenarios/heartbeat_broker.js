'use strict';
const assert = require('node:assert');
const { connect, control, lost, pause, run, within } = require('../support');

run(async () => {
  const connection = await connect('?heartbeat=1');
  const failure = lost(connection);
  await pause(2.5);
  await (await connection.createChannel()).close();

  await control('/broker/freeze');
  const error = await within(failure, 'a broker that says nothing was not noticed');
  assert.match(error.message, /Heartbeat timeout/);
  await control('/broker/thaw');
  const another = await connect('?heartbeat=1');
  await (await another.createChannel()).close();
  await another.close();
});
