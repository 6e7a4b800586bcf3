'use strict';
const assert = require('node:assert');
const { name, scenario } = require('../support');

const nowhere = name('nowhere');

scenario(async (connection) => {
  const channel = await connection.createConfirmChannel();
  const events = [];
  channel.on('return', (message) => events.push(message));
  await new Promise((resolve) => {
    const options = { mandatory: true, messageId: 'm-1', headers: { try: 1 } };
    channel.publish('', nowhere, Buffer.from('come back'), options, (error) => {
      assert.ifError(error);
      events.push('confirmed');
      resolve();
    });
  });

  const [message, confirmed] = events;
  assert.strictEqual(confirmed, 'confirmed', 'the return comes before the confirm');
  assert.strictEqual(message.fields.replyCode, 312);
  assert.strictEqual(message.fields.replyText, 'NO_ROUTE');
  assert.strictEqual(message.fields.exchange, '');
  assert.strictEqual(message.fields.routingKey, nowhere);
  assert.strictEqual(message.properties.messageId, 'm-1');
  assert.strictEqual(message.properties.headers.try, 1);
  assert.strictEqual(message.content.toString(), 'come back');
});
