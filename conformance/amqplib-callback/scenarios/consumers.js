'use strict';
const assert = require('node:assert');
const support = require('../support');
const { consume, ok, publish, redelivered, refused, scenario, settled, texts } = support;

function priorities(connection, next) {
  connection.createConfirmChannel(ok((channel) => {
    channel.prefetch(1);
    channel.assertQueue('', { exclusive: true }, ok(({ queue }) => {
      consume(channel, queue, { priority: -1 }, (low) => {
        consume(channel, queue, { priority: 10 }, (high) => {
          publish(channel, queue, ['1', '2', '3'], {}, () => settled([[high, 1], [low, 1]], () => {
            channel.ack(high[0]);
            settled([[high, 2], [low, 1]], () => {
              assert.deepStrictEqual([texts(high), texts(low)], [['1', '3'], ['2']]);
              next();
            });
          }));
        });
      });
    }));
  }));
}

function singleActive(connection, next) {
  const single = { exclusive: true, arguments: { 'x-single-active-consumer': true } };
  connection.createConfirmChannel(ok((first) => connection.createChannel(ok((second) => {
    first.assertQueue('', single, ok(({ queue }) => {
      consume(first, queue, {}, (active) => consume(second, queue, {}, (waiting) => {
        publish(first, queue, ['1', '2'], {}, () => settled([[active, 2], [waiting, 0]], () => {
          first.close();
          settled([[waiting, 2]], () => {
            assert.deepStrictEqual(texts(waiting), ['1', '2']);
            assert.deepStrictEqual(redelivered(waiting), [true, true]);
            const exclusive = (third) => third.consume(queue, () => {}, { exclusive: true });
            refused(connection, 403, 'ACCESS_REFUSED', exclusive, next);
          });
        }));
      }));
    }));
  }))));
}

scenario((connection, done) => priorities(connection, () => singleActive(connection, done)));
