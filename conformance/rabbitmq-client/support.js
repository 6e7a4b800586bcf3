// What every rabbitmq-client scenario needs: the broker's address and names of its own.
'use strict';

const assert = require('node:assert');
const { Connection } = require('rabbitmq-client');

// Seconds after which something that should have come counts as missing.
const PATIENCE = 10;

// Seconds of silence after which nothing more is expected.
const QUIET = 0.3;

// What a scenario has opened, to be closed at its end: a connection waits for its channels.
const opened = [];

function closedAtEnd(resource) {
  opened.push(resource);
  return resource;
}

// A connection that comes back soon; its errors end the scenario unless that listens to them.
const start = (options) => {
  const settings = { url: process.env.AMQP_URI, retryLow: 50, retryHigh: 500, ...options };
  return closedAtEnd(new Connection(settings));
};

async function connect(options) {
  const connection = start(options);
  await connection.onConnect(PATIENCE * 1000);
  return connection;
}

// The library's API for publishers; each `send` ends with its confirm.
const createPublisher = (connection, options) =>
  closedAtEnd(connection.createPublisher({ confirm: true, ...options }));

// The library's API for consumers, once it consumes: with a handler whose end acknowledges.
async function createConsumer(connection, options, handler) {
  const consumer = closedAtEnd(connection.createConsumer(options, handler));
  await event(consumer, 'ready');
  return consumer;
}

// A channel; closed by the broker, it emits the error that no call gets.
const acquire = async (connection) =>
  closedAtEnd(await connection.acquire({ emitErrorsFromChannel: true }));

async function acquireConfirming(connection) {
  const channel = await acquire(connection);
  await channel.confirmSelect();
  return channel;
}

// A queue or exchange name that no other scenario uses.
const name = (suffix) => `${process.env.CONFORMANCE_PREFIX}.${suffix}`;

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// What `promise` comes to, if that does not take too long.
function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(what)), PATIENCE * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const next = (emitter, kind) => new Promise((resolve) => emitter.once(kind, resolve));

const event = (emitter, kind) => within(next(emitter, kind), `no ${kind} event came`);

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
  await eventually(() => counts.every(([array, count]) => array.length >= count));
  await pause(QUIET);
  for (const [array, count] of counts) assert.strictEqual(array.length, count);
}

// Waits for the next `count` of what an array gets, and takes them.
async function take(array, count) {
  await eventually(() => array.length >= count);
  return array.splice(0, count);
}

// Starts a consumer on a channel, without acknowledgements; its deliveries.
async function consume(channel, queue, options) {
  const deliveries = [];
  const { consumerTag } = await channel.basicConsume({ queue, ...options }, (message) =>
    deliveries.push(message),
  );
  return Object.assign(deliveries, { consumerTag });
}

// The next `count` messages of a queue that is there.
async function receive(connection, queue, count) {
  const messages = [];
  const options = { queue, queueOptions: { passive: true } };
  const consumer = await createConsumer(connection, options, (message) => {
    messages.push(message);
  });
  const received = await take(messages, count);
  await consumer.close();
  return received;
}

// All that is ready in `queue`, by basic.get.
async function drain(connection, queue) {
  const messages = [];
  for (;;) {
    const message = await connection.basicGet({ queue, noAck: true });
    if (!message) return messages;
    messages.push(message);
  }
}

const bodies = (messages) => messages.map(({ body }) => body);

const redelivered = (messages) => messages.map((message) => message.redelivered);

// Queue, reason and count of each death that a message tells of.
const deaths = ({ headers }) =>
  (headers?.['x-death'] ?? []).map((death) => [death.queue, death.reason, death.count]);

// Sees that `call`, with a channel of its own, is refused with this code and text.
async function refused(connection, code, text, call) {
  const channel = await acquire(connection);
  await assert.rejects(call(channel), (error) => {
    assert.strictEqual(error.code, code);
    assert(error.message.includes(text), error.message);
    return true;
  });
}

// Sees that queues with these arguments are refused with 406 and the text given for each.
async function refuseArguments(connection, cases) {
  const queue = name('refused');
  for (const [fields, text] of cases) {
    const declare = (channel) => channel.queueDeclare({ queue, arguments: fields });
    const full = `PRECONDITION_FAILED - ${text.replace('{queue}', queue)}`;
    await refused(connection, 'PRECONDITION_FAILED', full, declare);
  }
}

// Whether `check`, on a channel of its own, finds what it asks for.
async function isThere(connection, check) {
  const channel = await connection.acquire();
  try {
    await check(channel);
    return true;
  } catch (error) {
    assert.strictEqual(error.code, 'NOT_FOUND');
    return false;
  } finally {
    await channel.close();
  }
}

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
    .then(async () => {
      while (opened.length > 0) await opened.pop().close();
      clearTimeout(deadline);
    })
    .catch((error) => {
      console.error(error);
      process.exit(1);
    });
}

// Runs a scenario on a connection of its own.
const scenario = (body) => run(async () => body(await connect()));

module.exports = {
  acquire,
  acquireConfirming,
  bodies,
  closedAtEnd,
  connect,
  consume,
  control,
  createConsumer,
  createPublisher,
  deaths,
  drain,
  event,
  eventually,
  isThere,
  name,
  next,
  pause,
  receive,
  redelivered,
  refuseArguments,
  refused,
  run,
  scenario,
  settled,
  start,
  take,
  within,
};
