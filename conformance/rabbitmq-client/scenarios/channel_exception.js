'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquire, acquireConfirming, bodies, drain, event, name, refused, scenario } = support;

const missing = name('missing');
const text = (what) => `NOT_FOUND - no ${what} '${missing}' in vhost '/'`;

scenario(async (connection) => {
  const bystander = await acquireConfirming(connection);
  const { queue } = await bystander.queueDeclare({ exclusive: true });

  const check = (channel) => channel.queueDeclare({ queue: missing, passive: true });
  await refused(connection, 'NOT_FOUND', text('queue'), check);

  const publishing = await acquire(connection);
  const failure = event(publishing, 'error');
  await publishing.basicPublish({ exchange: missing }, 'lost');
  const error = await failure;
  assert.strictEqual(error.code, 'NOT_FOUND');
  assert(error.message.includes(text('exchange')), error.message);
  assert.strictEqual(publishing.active, false);

  await bystander.basicPublish(queue, 'still here');
  assert.deepStrictEqual(bodies(await drain(connection, queue)), ['still here']);
  await (await connection.acquire()).close();
});
