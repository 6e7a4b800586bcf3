'use strict';
const assert = require('node:assert');
const support = require('../support');
const { after, consume, drain, eventually, isThere, name } = support;
const { ok, publish, refuseArguments, scenario } = support;

const EXPIRES = 0.8;
const [idle, used, dead] = ['idle', 'used', 'dead'].map(name);
const INVALID = "invalid arg 'x-expires' for queue '{queue}' in vhost '/': ";
const CASES = [
  [{ 'x-expires': 0 }, `${INVALID}{value_zero,0}`],
  [{ 'x-expires': -1 }, `${INVALID}{value_negative,-1}`],
];

// Goes on when a queue is gone; to look is to use it, so this looks seldom.
function gone(connection, queue, next) {
  const check = (channel, found) => channel.checkQueue(queue, found);
  const look = (tell) => isThere(connection, check, (is) => {
    if (is) after(1.25 * EXPIRES, () => tell(false));
    else tell(true);
  });
  eventually(look, next);
}

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    const letters = { deadLetterExchange: '', deadLetterRoutingKey: dead };
    const options = { expires: EXPIRES * 1000, ...letters };
    const stillUsed = (consumerTag, next) => drain(channel, dead, (messages) => {
      assert.deepStrictEqual(messages, [], 'what the queue held was dead-lettered');
      channel.checkQueue(used, ok(({ messageCount, consumerCount }) => {
        assert.deepStrictEqual([messageCount, consumerCount], [0, 1]);
        channel.cancel(consumerTag, ok(next));
      }));
    });

    channel.assertQueue(dead, { exclusive: true });
    channel.assertQueue(used, options);
    consume(channel, used, {}, ({ consumerTag }) => channel.assertQueue(idle, options, ok(() => {
      publish(channel, idle, ['goes with its queue'], {}, () => gone(connection, idle, () => {
        stillUsed(consumerTag, () => gone(connection, used, () => {
          refuseArguments(connection, CASES, done);
        }));
      }));
    })));
  }));
});
