'use strict';
const assert = require('node:assert');
const { drain, inTurn, ok, publish, scenario, texts } = require('../support');

const CHANNELS = 1000;

scenario((connection, done) => {
  const channels = [];
  const open = (_, next) => connection.createConfirmChannel(ok((channel) => {
    channels.push(channel);
    next();
  }));
  const close = (channel, next) => channel.close(ok(next));
  inTurn(Array(CHANNELS).fill(), open, () => {
    channels[0].assertQueue('', { exclusive: true }, ok(({ queue }) => {
      const use = ([number, channel], next) => publish(channel, queue, [`${number}`], {}, () => {
        drain(channel, queue, (messages) => {
          assert.deepStrictEqual(texts(messages), [`${number}`]);
          next();
        });
      });
      inTurn([...channels.entries()], use, () => inTurn(channels, close, () => {
        connection.createChannel(ok((another) => another.close(ok(done))));
      }));
    }));
  });
});
