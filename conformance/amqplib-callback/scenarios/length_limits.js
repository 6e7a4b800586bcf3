'use strict';
const assert = require('node:assert');
const { drain, gather, name, ok, publish, scenario, texts } = require('../support');

const [ring, full] = ['ring', 'full'].map(name);
const numbers = Array.from({ length: 10 }, (_, number) => `${number}`);

function dropped(channel, next) {
  channel.assertQueue(ring, { exclusive: true, maxLength: 3 }, ok(() => {
    publish(channel, ring, numbers, {}, () => drain(channel, ring, (messages) => {
      assert.deepStrictEqual(texts(messages), ['7', '8', '9']);
      next();
    }));
  }));
}

function refused(channel, next) {
  const limits = { 'x-max-length': 2, 'x-overflow': 'reject-publish' };
  const accepted = (text, tell) =>
    channel.sendToQueue(full, Buffer.from(text), {}, (error) => tell(error === null));
  channel.assertQueue(full, { exclusive: true, arguments: limits }, ok(() => {
    gather(numbers.slice(0, 5), accepted, (outcomes) => {
      assert.deepStrictEqual(outcomes, [true, true, false, false, false]);
      drain(channel, full, (messages) => {
        assert.deepStrictEqual(texts(messages), ['0', '1']);
        publish(channel, full, ['there is room again'], {}, next);
      });
    });
  }));
}

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => dropped(channel, () => refused(channel, done))));
});
