'use strict';
const assert = require('node:assert');
const { drain, inTurn, name, ok, publish, refused, scenario, texts } = require('../support');

const [main, second, last] = ['main', 'second', 'last'].map(name);

// The key of a message, its queue's, and the exchange and key by which it gets there.
const ROUTES = [['bound', main, 'bound'], ['caught.here', second, 'caught.*'], ['other', last, '']];

const declare = (channel, exchange, type, alternateExchange) =>
  channel.assertExchange(exchange, type, { durable: false, alternateExchange });

scenario((connection, done) => {
  connection.createConfirmChannel(ok((channel) => {
    const returned = [];
    channel.on('return', (message) => returned.push(message));
    const bind = ([key, exchange, pattern], next) => {
      channel.assertQueue(name(key), { exclusive: true });
      channel.bindQueue(name(key), exchange, pattern, {}, ok(next));
    };
    const send = ([key], next) =>
      publish(channel, key, [key], { exchange: main, mandatory: true }, next);
    const check = ([key], next) => drain(channel, name(key), (messages) => {
      assert.deepStrictEqual(texts(messages), [key]);
      const { exchange, routingKey } = messages[0].fields;
      assert.deepStrictEqual([exchange, routingKey], [main, key]);
      next();
    });
    const text = `inequivalent arg 'alternate-exchange' for exchange '${main}' in vhost '/': `
      + `received 'amq.fanout' but current is '${second}'`;
    const change = (other) => declare(other, main, 'direct', 'amq.fanout');

    declare(channel, last, 'fanout');
    declare(channel, second, 'topic', last);
    declare(channel, main, 'direct', second);
    inTurn(ROUTES, bind, () => inTurn(ROUTES, send, () => inTurn(ROUTES, check, () => {
      assert.deepStrictEqual(returned, []);
      refused(connection, 406, text, change, () => {
        const remove = (exchange, next) => channel.deleteExchange(exchange, {}, ok(next));
        inTurn([main, second, last], remove, done);
      });
    })));
  }));
});
