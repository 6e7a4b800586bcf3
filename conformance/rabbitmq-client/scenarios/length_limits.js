'use strict';
const assert = require('node:assert');
const { bodies, createPublisher, drain, name, scenario } = require('../support');

const [ring, full] = ['ring', 'full'].map(name);

scenario(async (connection) => {
  const publisher = createPublisher(connection);
  const short = { 'x-max-length': 3 };
  await connection.queueDeclare({ queue: ring, exclusive: true, arguments: short });
  for (let number = 0; number < 10; number += 1) await publisher.send(ring, `${number}`);
  assert.deepStrictEqual(bodies(await drain(connection, ring)), ['7', '8', '9']);

  const limits = { 'x-max-length': 2, 'x-overflow': 'reject-publish' };
  await connection.queueDeclare({ queue: full, exclusive: true, arguments: limits });
  for (const text of ['0', '1']) await publisher.send(full, text);
  for (const text of ['2', '3', '4']) {
    await assert.rejects(publisher.send(full, text), { code: 'NACK' });
  }
  assert.deepStrictEqual(bodies(await drain(connection, full)), ['0', '1']);
  await publisher.send(full, 'there is room again');
});
