'use strict';
const assert = require('node:assert');
const { amqp, scenario } = require('../support');

scenario(async () => {
  const uri = process.env.AMQP_URI.replace('guest:guest', 'guest:wrong');
  await assert.rejects(amqp.connect(uri), /403 \(ACCESS-REFUSED\).*ACCESS_REFUSED - Login was refused/);
});
