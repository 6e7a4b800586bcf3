'use strict';
const assert = require('node:assert');
const { name, ok, scenario } = require('../support');

const nowhere = name('nowhere');

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    const returned = [];
    channel.on('return', (message) => returned.push(message));
    const options = { mandatory: true, messageId: 'm-1', headers: { try: 1 } };
    channel.publish('', nowhere, Buffer.from('come back'), options, ok(() => {
      assert.strictEqual(returned.length, 1, 'the return comes before the confirm');
      const [{ fields, properties, content }] = returned;
      assert.deepStrictEqual([fields.replyCode, fields.replyText], [312, 'NO_ROUTE']);
      assert.deepStrictEqual([fields.exchange, fields.routingKey], ['', nowhere]);
      assert.deepStrictEqual([properties.messageId, properties.headers.try], ['m-1', 1]);
      assert.strictEqual(content.toString(), 'come back');
      done();
    }));
  }));
});
