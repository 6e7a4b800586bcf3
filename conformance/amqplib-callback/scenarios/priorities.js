'use strict';
const assert = require('node:assert');
const support = require('../support');
const { drain, gather, inTurn, name, ok, publish } = support;
const { redelivered, refuseArguments, scenario, texts } = support;

const queue = name('priorities');
const INVALID = "invalid arg 'x-max-priority' for queue '{queue}' in vhost '/': ";
const CASES = [
  [{ 'x-max-priority': 256 }, `${INVALID}{max_value_exceeded,256}`],
  [{ 'x-max-priority': '5' }, `${INVALID}"expected integer, got longstr"`],
];
const MESSAGES = [
  ['none'],
  ['1', 1],
  ['3', 3],
  ['5', 5],
  ['9', 9],
  ['0', 0],
  ['3 again', 3],
];
const AGAIN = [['low', 1], ['high', 4], ['higher', 4]];

// Has messages come back that were got; their order is that of their priorities, still.
function returned(channel, next) {
  const get = (_, then) => channel.get(queue, {}, ok(then));
  gather(Array(AGAIN.length).fill(), get, (got) => {
    channel.nack(got.at(-1), true, true);
    drain(channel, queue, (messages) => {
      assert.deepStrictEqual(texts(messages), ['high', 'higher', 'low']);
      assert.deepStrictEqual(redelivered(messages), [true, true, true]);
      next();
    });
  });
}

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    const send = ([text, priority], next) => publish(channel, queue, [text], { priority }, next);
    channel.assertQueue(queue, { exclusive: true, maxPriority: 5 }, ok(() => {
      inTurn(MESSAGES, send, () => drain(channel, queue, (messages) => {
        assert.deepStrictEqual(texts(messages), ['5', '9', '3', '3 again', '1', 'none', '0']);
        const priorities = messages.map(({ properties }) => properties.priority);
        assert.deepStrictEqual(priorities, [5, 9, 3, 3, 1, undefined, 0]);
        inTurn(AGAIN, send, () => returned(channel, () => {
          refuseArguments(connection, CASES, done);
        }));
      }));
    }));
  }));
});
