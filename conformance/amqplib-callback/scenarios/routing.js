'use strict';
const assert = require('node:assert');
const { drain, inTurn, name, ok, publish, scenario, texts } = require('../support');

const exchange = name('direct_logs');

function bound(channel, severities, next) {
  channel.assertQueue('', { exclusive: true }, ok(({ queue }) => {
    const bind = (key, then) => channel.bindQueue(queue, exchange, key, {}, ok(then));
    inTurn(severities, bind, () => next(queue));
  }));
}

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    channel.assertExchange(exchange, 'direct', { durable: false });
    bound(channel, ['error'], (errors) => {
      bound(channel, ['info', 'warning', 'error'], (everything) => {
        const log = (key, next) => publish(channel, key, [key], { exchange }, next);
        inTurn(['info', 'error', 'debug', 'warning'], log, () => {
          drain(channel, errors, (messages) => {
            assert.deepStrictEqual(texts(messages), ['error']);
            drain(channel, everything, (all) => {
              assert.deepStrictEqual(texts(all), ['info', 'error', 'warning']);
              channel.deleteExchange(exchange, {}, ok(done));
            });
          });
        });
      });
    });
  }));
});
