'use strict';
const assert = require('node:assert');
const { randomBytes } = require('node:crypto');
const { createPublisher, receive, scenario } = require('../support');

// The library asks for a frame_max of 8192; its own frames are 8 octets larger.
const SIZES = [0, 1, 8184, 8185, 8192, 8193, 2 * 8184, 2 * 8192, 1_048_579, 5_000_000];

scenario(async (connection) => {
  const { queue } = await connection.queueDeclare({ exclusive: true });
  const publisher = createPublisher(connection);
  const sent = SIZES.map((size) => randomBytes(size));
  for (const body of sent) await publisher.send(queue, body);

  const came = await receive(connection, queue, sent.length);
  for (const [index, body] of sent.entries()) {
    assert(body.equals(came[index].body), `a body of ${body.length} octets`);
  }
});
