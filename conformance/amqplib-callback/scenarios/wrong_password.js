'use strict';
const assert = require('node:assert');
const { amqp, failing, run } = require('../support');

run((done) => {
  const uri = process.env.AMQP_URI.replace('guest:guest', 'guest:wrong');
  amqp.connect(uri, failing((error) => {
    assert.match(error.message, /403 \(ACCESS-REFUSED\).*ACCESS_REFUSED - Login was refused/);
    done();
  }));
});
