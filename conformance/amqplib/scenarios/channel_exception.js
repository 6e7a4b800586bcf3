'use strict';
const assert = require('node:assert');
const { bodies, name, scenario } = require('../support');

const missing = name('missing');

scenario(async (connection) => {
  connection.on('error', (error) => assert.fail(error));
  const bystander = await connection.createChannel();
  const { queue } = await bystander.assertQueue('', { exclusive: true });

  const checking = await connection.createChannel();
  checking.on('error', () => {});
  await assert.rejects(checking.checkQueue(missing), {
    code: 404,
    message: new RegExp(`NOT_FOUND - no queue '${missing}' in vhost '/'`),
  });

  const publishing = await connection.createChannel();
  const failure = new Promise((resolve) => {
    publishing.once('error', resolve);
  });
  publishing.publish(missing, '', Buffer.from('lost'));
  const reason = await failure;
  assert.strictEqual(reason.code, 404);
  assert.match(reason.message, new RegExp(`NOT_FOUND - no exchange '${missing}' in vhost '/'`));

  bystander.sendToQueue(queue, Buffer.from('still here'));
  assert.deepStrictEqual(await bodies(bystander, queue, 1), ['still here']);
  await (await connection.createChannel()).close();
});
