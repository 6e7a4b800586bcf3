'use strict';
const assert = require('node:assert');
const { bodies, name, scenario } = require('../support');

const ring = name('ring');
const full = name('full');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(ring, { exclusive: true, maxLength: 3 });
  for (let number = 0; number < 10; number += 1) {
    channel.sendToQueue(ring, Buffer.from(`${number}`));
  }
  await channel.waitForConfirms();
  assert.deepStrictEqual(await bodies(channel, ring, 3), ['7', '8', '9']);

  const limits = { 'x-max-length': 2, 'x-overflow': 'reject-publish' };
  await channel.assertQueue(full, { exclusive: true, arguments: limits });
  const outcomes = [];
  for (let number = 0; number < 5; number += 1) {
    const settled = new Promise((resolve) => {
      channel.sendToQueue(full, Buffer.from(`${number}`), {}, (error) => resolve(error === null));
    });
    outcomes.push(await settled);
  }
  assert.deepStrictEqual(outcomes, [true, true, false, false, false]);
  assert.deepStrictEqual(await bodies(channel, full, 2), ['0', '1']);
});
