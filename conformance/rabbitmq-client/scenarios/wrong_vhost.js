'use strict';
const assert = require('node:assert');
const { event, run, start } = require('../support');

run(async () => {
  const url = process.env.AMQP_URI.replace('%2f', 'no%20such%20host');
  const error = await event(start({ url }), 'error');
  assert.strictEqual(error.code, 'NOT_ALLOWED');
  assert.match(error.message, /vhost no such host not found/);
});
