'use strict';
const assert = require('node:assert');
const { event, run, start } = require('../support');

run(async () => {
  const url = process.env.AMQP_URI.replace('guest:guest', 'guest:wrong');
  const error = await event(start({ url }), 'error');
  assert.strictEqual(error.code, 'ACCESS_REFUSED');
  assert.match(error.message, /Login was refused/);
});
