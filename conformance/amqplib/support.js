// What every amqplib scenario needs: the broker's address and names of its own.
'use strict';

const amqp = require('amqplib');

// Seconds after which something that should have come counts as missing.
const PATIENCE = 10;

const connect = () => amqp.connect(process.env.AMQP_URI);

// A queue or exchange name that no other scenario uses.
const name = (suffix) => `${process.env.CONFORMANCE_PREFIX}.${suffix}`;

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// Deliveries of one consumer, to be awaited one by one.
class Deliveries {
  constructor() {
    this.messages = [];
    this.waiting = [];
  }

  push(message) {
    const waiter = this.waiting.shift();
    if (waiter) waiter(message);
    else this.messages.push(message);
  }

  next() {
    if (this.messages.length > 0) return Promise.resolve(this.messages.shift());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no delivery came')), PATIENCE * 1000);
      this.waiting.push((message) => {
        clearTimeout(timer);
        resolve(message);
      });
    });
  }

  async take(count) {
    const messages = [];
    while (messages.length < count) messages.push(await this.next());
    return messages;
  }
}

async function consume(channel, queue, options = { noAck: true }) {
  const deliveries = new Deliveries();
  const { consumerTag } = await channel.consume(queue, (m) => deliveries.push(m), options);
  deliveries.consumerTag = consumerTag;
  return deliveries;
}

// The next `count` messages of `queue`.
async function receive(channel, queue, count) {
  const deliveries = await consume(channel, queue);
  const messages = await deliveries.take(count);
  await channel.cancel(deliveries.consumerTag);
  return messages;
}

async function bodies(channel, queue, count) {
  return (await receive(channel, queue, count)).map((message) => message.content.toString());
}

// Runs a scenario on a connection of its own; a throw ends the process with code 1.
function scenario(body) {
  const deadline = setTimeout(() => {
    throw new Error('the scenario ran out of time');
  }, 45_000);
  connect()
    .then(async (connection) => {
      await body(connection);
      await connection.close();
      clearTimeout(deadline);
    })
    .catch((error) => {
      console.error(error);
      process.exit(1);
    });
}

module.exports = { amqp, bodies, connect, consume, name, pause, receive, scenario, PATIENCE };
