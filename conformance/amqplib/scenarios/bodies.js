'use strict';
const assert = require('node:assert');
const { randomBytes } = require('node:crypto');
const { receive, scenario } = require('../support');

const SIZES = [0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000];

scenario(async (connection) => {
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const sent = SIZES.map((size) => randomBytes(size));
  for (const body of sent) channel.sendToQueue(queue, body);

  const came = await receive(channel, queue, sent.length);
  for (const [index, body] of sent.entries()) {
    assert.ok(body.equals(came[index].content), `a body of ${body.length} octets`);
  }
});
