'use strict';
const { consume, ok, publish, scenario, settled } = require('../support');

const texts = Array.from({ length: 10 }, (_, number) => `${number}`);

function prepare(connection, next) {
  connection.createConfirmChannel(ok((channel) => {
    channel.assertQueue('', { exclusive: true }, ok(({ queue }) => {
      publish(channel, queue, texts, {}, () => next(channel, queue));
    }));
  }));
}

function perConsumer(connection, next) {
  prepare(connection, (channel, queue) => {
    channel.prefetch(2);
    consume(channel, queue, {}, (first) => settled([[first, 2]], () => {
      channel.ack(first[0]);
      settled([[first, 3]], () => {
        channel.ack(first[2], true);
        settled([[first, 5]], () => consume(channel, queue, {}, (second) => {
          settled([[first, 5], [second, 2]], () => channel.close(ok(next)));
        }));
      });
    }));
  });
}

function wholeChannel(connection, next) {
  prepare(connection, (channel, queue) => {
    const deliveries = [];
    const deliver = (message) => deliveries.push(message);
    channel.prefetch(3, true);
    channel.consume(queue, deliver);
    channel.consume(queue, deliver);
    settled([[deliveries, 3]], () => {
      channel.prefetch(4, true);
      settled([[deliveries, 4]], next);
    });
  });
}

scenario((connection, done) => perConsumer(connection, () => wholeChannel(connection, done)));
