// amqplib tells of a connection.close, though not of its code, and does not answer it; 0.8 keeps
// the socket, which the broker closes half a minute later.
'use strict';
const assert = require('node:assert');
const { amqp, run } = require('../support');

run(async () => {
  const uri = process.env.AMQP_URI.replace('%2f', 'no%20such%20host');
  await assert.rejects(amqp.connect(uri), /Expected ConnectionOpenOk; got <ConnectionClose/);
  process.exit(0);
});
