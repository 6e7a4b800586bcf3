// amqplib tells of a connection.close, though not of its code.
'use strict';
const assert = require('node:assert');
const { amqp, failing, run } = require('../support');

run((done) => {
  const uri = process.env.AMQP_URI.replace('%2f', 'no%20such%20host');
  amqp.connect(uri, failing((error) => {
    assert.match(error.message, /Expected ConnectionOpenOk; got <ConnectionClose/);
    done();
  }));
});
