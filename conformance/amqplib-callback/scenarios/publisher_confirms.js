'use strict';
const assert = require('node:assert');
const { inTurn, name, ok, scenario } = require('../support');

const queue = name('confirms');
const numbers = (length) => Array.from({ length }, (_, number) => number);

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    const send = (text, confirmed) =>
      channel.sendToQueue(queue, Buffer.from(text), { persistent: true }, ok(confirmed));
    const expect = (count, next) => channel.checkQueue(queue, ok(({ messageCount }) => {
      assert.strictEqual(messageCount, count);
      next();
    }));

    const batch = (next) => {
      let confirmed = 0;
      for (const number of numbers(500)) send(`batch ${number}`, () => (confirmed += 1));
      channel.waitForConfirms(ok(() => {
        assert.strictEqual(confirmed, 500);
        next();
      }));
    };
    const nowhere = (next) => {
      channel.sendToQueue(name('nowhere'), Buffer.from('dropped'));
      channel.waitForConfirms(ok(next));
    };

    channel.assertQueue(queue, { durable: true }, ok(() => {
      inTurn(numbers(20), (number, next) => send(`single ${number}`, next), () => {
        expect(20, () => batch(() => expect(520, () => nowhere(() => {
          channel.deleteQueue(queue, {}, ok(({ messageCount }) => {
            assert.strictEqual(messageCount, 520);
            done();
          }));
        }))));
      });
    }));
  }));
});
