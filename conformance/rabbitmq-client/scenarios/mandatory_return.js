'use strict';
const assert = require('node:assert');
const { createPublisher, event, name, scenario } = require('../support');

const nowhere = name('nowhere');

scenario(async (connection) => {
  const publisher = createPublisher(connection);
  const returned = event(publisher, 'basic.return');
  const envelope = { mandatory: true, messageId: 'm-1', headers: { try: 1 } };
  await publisher.send({ routingKey: nowhere, ...envelope }, 'come back');

  const message = await returned;
  assert.deepStrictEqual([message.replyCode, message.replyText], [312, 'NO_ROUTE']);
  assert.deepStrictEqual([message.exchange, message.routingKey], ['', nowhere]);
  assert.strictEqual(message.messageId, 'm-1');
  assert.strictEqual(message.headers.try, 1);
  assert.strictEqual(message.body, 'come back');
});
