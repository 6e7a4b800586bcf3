'use strict';
const assert = require('node:assert');
const support = require('../support');
const { consume, deaths, drain, inTurn, name, ok, publish } = support;
const { receive, refuseArguments, refused, scenario, take, texts } = support;

const [dead, kept, instant] = ['dead', 'kept', 'instant'].map(name);
const INVALID = "invalid arg 'x-message-ttl' for queue '{queue}' in vhost '/': ";
const CASES = [
  [{ 'x-message-ttl': -1 }, `${INVALID}{value_negative,-1}`],
  [{ 'x-message-ttl': '150' }, `${INVALID}"expected integer, got longstr"`],
];
const EXPIRATIONS = [['soon', 'no_integer'], ['-1', '{value_negative,-1}']];

// A queue's TTL, a message's expiration, and what the death of the message says of the latter.
const LIFETIMES = [
  [150, undefined, undefined],
  [undefined, '150', '150'],
  [600_000, '150', '150'],
  [150, '600000', '600000'],
  [0, undefined, undefined],
  [undefined, '0', '0'],
];

function dies(channel, [messageTtl, expiration, told], next) {
  const queue = name(`${messageTtl}.${expiration}`);
  const letters = { deadLetterExchange: '', deadLetterRoutingKey: dead };
  channel.assertQueue(queue, { exclusive: true, messageTtl, ...letters }, ok(() => {
    publish(channel, queue, ['mortal'], { expiration }, () => {
      receive(channel, dead, 1, ([message]) => {
        assert.deepStrictEqual(deaths(message), [[queue, 'expired', 1]]);
        const { headers } = message.properties;
        assert.strictEqual(headers['x-death'][0]['original-expiration'], told);
        assert.strictEqual(message.properties.expiration, undefined);
        drain(channel, queue, (left) => {
          assert.deepStrictEqual(left, []);
          next();
        });
      });
    });
  }));
}

function lives(channel, next) {
  channel.assertQueue(kept, { exclusive: true, messageTtl: 600_000 }, ok(() => {
    publish(channel, kept, ['by queue'], {}, () => {
      publish(channel, kept, ['by both'], { expiration: 500_000 }, () => {
        drain(channel, kept, (messages) => {
          assert.deepStrictEqual(texts(messages), ['by queue', 'by both']);
          const expirations = messages.map(({ properties }) => properties.expiration);
          assert.deepStrictEqual(expirations, [undefined, '500000']);
          next();
        });
      });
    });
  }));
}

// With a TTL of 0 a message reaches a consumer that waits for it.
function inTime(channel, next) {
  channel.assertQueue(instant, { exclusive: true, messageTtl: 0 });
  consume(channel, instant, { noAck: true }, (deliveries) => {
    publish(channel, instant, ['in time'], {}, () => take(deliveries, 1, (messages) => {
      assert.deepStrictEqual(texts(messages), ['in time']);
      next();
    }));
  });
}

scenario((connection, done) => {
  const refuse = ([expiration, why], next) => {
    const text = `PRECONDITION_FAILED - invalid expiration '${expiration}': ${why}`;
    const put = (other) => other.sendToQueue(kept, Buffer.from('x'), { expiration });
    refused(connection, 406, text, put, next);
  };
  connection.createConfirmChannel(ok((channel) => {
    channel.assertQueue(dead, { exclusive: true });
    inTurn(LIFETIMES, (lifetime, next) => dies(channel, lifetime, next), () => {
      lives(channel, () => inTime(channel, () => refuseArguments(connection, CASES, () => {
        inTurn(EXPIRATIONS, refuse, done);
      })));
    });
  }));
});
