'use strict';
const assert = require('node:assert');
const { failing, name, ok, receive, refused, scenario, texts } = require('../support');

const missing = name('missing');
const text = (what) => `NOT_FOUND - no ${what} '${missing}' in vhost '/'`;

scenario((connection, done) => {
  connection.createChannel(ok((bystander) => {
    bystander.assertQueue('', { exclusive: true }, ok(({ queue }) => {
      const check = (channel) => channel.checkQueue(missing, failing((error) => {
        assert.strictEqual(error.code, 404);
      }));
      const publish = (channel) => channel.publish(missing, '', Buffer.from('lost'));
      refused(connection, 404, text('queue'), check, () => {
        refused(connection, 404, text('exchange'), publish, () => {
          bystander.sendToQueue(queue, Buffer.from('still here'));
          receive(bystander, queue, 1, (messages) => {
            assert.deepStrictEqual(texts(messages), ['still here']);
            connection.createChannel(ok((another) => another.close(ok(done))));
          });
        });
      });
    }));
  }));
});
