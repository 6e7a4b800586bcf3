'use strict';
const assert = require('node:assert');
const { randomBytes } = require('node:crypto');
const { ok, receive, scenario } = require('../support');

const SIZES = [0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000];

scenario((connection, done) => {
  connection.createChannel(ok((channel) => {
    channel.assertQueue('', { exclusive: true }, ok(({ queue }) => {
      const sent = SIZES.map((size) => randomBytes(size));
      for (const body of sent) channel.sendToQueue(queue, body);
      receive(channel, queue, sent.length, (came) => {
        for (const [index, body] of sent.entries()) {
          assert(body.equals(came[index].content), `a body of ${body.length} octets`);
        }
        done();
      });
    }));
  }));
});
