'use strict';
const assert = require('node:assert');
const { connect, control, event, pause, run } = require('../support');

run(async () => {
  const connection = await connect({ heartbeat: 1 });
  await pause(2.5);
  await connection.queueDeclare({ exclusive: true });

  const failure = event(connection, 'error');
  await control('/broker/freeze');
  assert.strictEqual((await failure).code, 'SOCKET_TIMEOUT');
  const recovered = event(connection, 'connection');
  await control('/broker/thaw');
  await recovered;
  await connection.queueDeclare({ exclusive: true });
});
