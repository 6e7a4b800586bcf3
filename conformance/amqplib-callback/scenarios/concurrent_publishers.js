'use strict';
const assert = require('node:assert');
const { name, ok, publish, receive, scenario, texts } = require('../support');

const PUBLISHERS = 8;
const MESSAGES = 250;
const count = (length) => Array.from({ length }, (_, number) => number);

scenario((connection, done) => {
  const queue = name('shared');
  const series = count(PUBLISHERS).map((number) => count(MESSAGES).map((n) => `${number} ${n}`));
  let publishing = PUBLISHERS;

  connection.createChannel(ok((consumer) => {
    const check = (messages) => {
      const received = texts(messages);
      for (const [number, mine] of series.entries()) {
        assert.deepStrictEqual(received.filter((text) => text.startsWith(`${number} `)), mine);
      }
      consumer.checkQueue(queue, ok(({ messageCount }) => {
        assert.strictEqual(messageCount, 0);
        done();
      }));
    };
    const confirmed = () => {
      publishing -= 1;
      if (publishing === 0) receive(consumer, queue, PUBLISHERS * MESSAGES, check);
    };
    consumer.assertQueue(queue, { exclusive: true }, ok(() => {
      for (const mine of series) {
        connection.createConfirmChannel(ok((channel) => {
          publish(channel, queue, mine, {}, confirmed);
        }));
      }
    }));
  }));
});
