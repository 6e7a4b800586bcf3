'use strict';
const assert = require('node:assert');
const support = require('../support');
const { amqp, consume, control, eventually, name, ok, publish, run, take, texts } = support;

const [queue, exchange, passing] = ['durable', 'exchange', 'passing'].map(name);
let channel;
let held;
let passed;

// A durable queue, and another that has to be declared again, behind an exchange that has to be.
function setup(connection, done) {
  connection.createConfirmChannel(ok((created) => {
    channel = created;
    channel.assertExchange(exchange, 'direct', { durable: false });
    channel.assertQueue(queue);
    channel.assertQueue(passing, { durable: false });
    channel.bindQueue(queue, exchange, 'durable');
    channel.bindQueue(passing, exchange, 'passing');
    consume(channel, queue, {}, (unacknowledged) => {
      held = unacknowledged;
      consume(channel, passing, { noAck: true }, (deliveries) => {
        passed = deliveries;
        done();
      });
    });
  }));
}

const expect = (deliveries, expected, next) => take(deliveries, expected.length, (messages) => {
  assert.deepStrictEqual(texts(messages), expected);
  next();
});

function goesOn(next) {
  publish(channel, 'durable', ['3'], { exchange, persistent: true }, () => {
    publish(channel, 'passing', ['at once'], { exchange }, () => {
      expect(held, ['1', '2', '3'], () => expect(passed, ['at once'], () => {
        for (const each of [queue, passing]) channel.deleteQueue(each);
        channel.deleteExchange(exchange, {}, ok(next));
      }));
    });
  });
}

run((done) => {
  const recovery = { initialDelay: 50, maxDelay: 500, setup };
  amqp.connect(process.env.AMQP_URI, { recovery }, ok((connection) => {
    const events = [];
    connection.on('error', () => {});
    for (const kind of ['disconnect', 'connect']) connection.on(kind, () => events.push(kind));
    const came = (count, next) => eventually((tell) => tell(events.length === count), next);
    const sent = { exchange, persistent: true };
    publish(channel, 'durable', ['1', '2'], sent, () => {
      publish(channel, 'durable', ['transient'], { exchange }, () => {
        expect(held, ['1', '2', 'transient'], () => {
          control('/broker/kill', () => came(1, () => control('/broker/start', () => came(2, () => {
            assert.deepStrictEqual(events, ['disconnect', 'connect']);
            goesOn(() => connection.close(ok(done)));
          }))));
        });
      });
    });
  }));
});
