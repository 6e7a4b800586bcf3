// What every amqplib scenario needs: the broker's address and names of its own.
'use strict';

const assert = require('node:assert');
const amqp = require('amqplib');

// Seconds after which something that should have come counts as missing.
const PATIENCE = 10;

// Seconds of silence after which nothing more is expected.
const QUIET = 0.3;

// A connection; `query` is added to the URI.
const connect = (query = '') => amqp.connect(process.env.AMQP_URI + query);

// A queue or exchange name that no other scenario uses.
const name = (suffix) => `${process.env.CONFORMANCE_PREFIX}.${suffix}`;

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// Waits until what `check` comes to is true.
async function eventually(check) {
  const deadline = Date.now() + PATIENCE * 1000;
  while (!(await check())) {
    assert(Date.now() < deadline, 'what was waited for did not happen');
    await pause(0.02);
  }
}

// Waits until these arrays have so many members each, and sees that no more follow.
async function settled(...counts) {
  const deadline = Date.now() + PATIENCE * 1000;
  const lacking = () => counts.some(([array, count]) => array.length < count);
  while (lacking() && Date.now() < deadline) await pause(0.02);
  await pause(QUIET);
  for (const [array, count] of counts) assert.strictEqual(array.length, count);
}

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

const texts = (messages) => messages.map((message) => message.content.toString());

// All that is ready in `queue`, by basic.get.
async function drain(channel, queue) {
  const messages = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (!message) return messages;
    messages.push(message);
  }
}

// Publishes on a confirm channel; whether the broker accepted it.
const accepted = (channel, key, text, { exchange = '', ...options } = {}) =>
  new Promise((resolve) => {
    const settle = (error) => resolve(error === null);
    channel.publish(exchange, key, Buffer.from(text), options, settle);
  });

// Publishes one text, or several, which the broker has to accept.
async function publish(channel, key, text, options) {
  for (const each of [text].flat()) assert(await accepted(channel, key, each, options), each);
}

// Queue and reason of each death that a message tells of.
const deaths = (message) =>
  message.properties.headers['x-death'].map((death) => [death.queue, death.reason, death.count]);

// What `promise` comes to, if that does not take too long.
function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(what)), PATIENCE * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Has `call`, with a channel of its own, end in a channel exception with this text in it.
async function refused(connection, code, text, call) {
  const channel = await connection.createChannel();
  const closed = new Promise((resolve) => {
    channel.once('error', resolve);
  });
  Promise.resolve(call(channel)).catch(() => {});
  const error = await within(closed, `not refused with ${code} ${text}`);
  assert.strictEqual(error.code, code);
  assert(error.message.includes(text), error.message);
}

// Sees that queues with these arguments are refused with 406 and the text given for each.
async function refuseArguments(connection, cases, options = {}) {
  const queue = name('refused');
  for (const [fields, text] of cases) {
    const full = `PRECONDITION_FAILED - ${text.replace('{queue}', queue)}`;
    const declare = (c) => c.assertQueue(queue, { durable: false, ...options, arguments: fields });
    await refused(connection, 406, full, declare);
  }
}

// The error with which the broker's end, or a heartbeat that is missing, ends a connection.
const lost = (connection) => new Promise((resolve) => connection.once('error', resolve));

// Has the harness do something to the broker, or to this process (harness/control.py).
async function control(path) {
  const answer = await fetch(process.env.CONFORMANCE_CONTROL + path);
  assert(answer.ok, await answer.text());
}

// Runs a scenario; a throw ends the process with code 1.
function run(body) {
  const deadline = setTimeout(() => {
    throw new Error('the scenario ran out of time');
  }, 55_000);
  body()
    .then(() => clearTimeout(deadline))
    .catch((error) => {
      console.error(error);
      process.exit(1);
    });
}

// Runs a scenario on a connection of its own.
const scenario = (body) =>
  run(async () => {
    const connection = await connect();
    await body(connection);
    await connection.close();
  });

module.exports = {
  PATIENCE,
  accepted,
  amqp,
  bodies,
  connect,
  consume,
  control,
  deaths,
  drain,
  eventually,
  lost,
  name,
  pause,
  publish,
  receive,
  refuseArguments,
  refused,
  run,
  scenario,
  settled,
  texts,
  within,
};
