// What every scenario with amqplib's callbacks needs: the broker's address and names of its own.
'use strict';

const assert = require('node:assert');
const http = require('node:http');
const amqp = require('amqplib/callback_api');

// Seconds after which something that should have come counts as missing.
const PATIENCE = 10;

// Seconds of silence after which nothing more is expected.
const QUIET = 0.3;

function fail(error) {
  console.error(error);
  process.exit(1);
}

// Calls a step; the library would take what it throws for a fault of the channel.
function attempt(step, ...results) {
  try {
    step(...results);
  } catch (error) {
    fail(error);
  }
}

// The callback of what has to succeed; `next` gets the result.
const ok = (next) => (error, result) => (error ? fail(error) : attempt(next, result));

// The callback of what has to fail; `next` gets the error.
const failing = (next) => (error) =>
  error ? attempt(next, error) : fail(new Error('what should have failed succeeded'));

// A connection; `query` is added to the URI.
const connect = (query, next) => amqp.connect(process.env.AMQP_URI + query, ok(next));

// A queue or exchange name that no other scenario uses.
const name = (suffix) => `${process.env.CONFORMANCE_PREFIX}.${suffix}`;

const after = (seconds, next) => setTimeout(attempt, seconds * 1000, next);

// `next`, which has to be called in time; `what` says what is missing otherwise.
function inTime(what, next) {
  const timer = setTimeout(() => fail(new Error(what)), PATIENCE * 1000);
  return (...results) => {
    clearTimeout(timer);
    attempt(next, ...results);
  };
}

// Calls `each` with one item after the other, and then `next`.
function inTurn(items, each, next) {
  const [first, ...rest] = items;
  if (items.length === 0) attempt(next);
  else attempt(each, first, () => inTurn(rest, each, next));
}

// Like inTurn; `next` gets what the calls came to.
function gather(items, each, next) {
  const results = [];
  const one = (item, then) => each(item, (result) => {
    results.push(result);
    then();
  });
  inTurn(items, one, () => next(results));
}

// Goes on when `check` has called back with true.
function eventually(check, next) {
  const done = inTime('what was waited for did not happen', next);
  const again = () => check((is) => (is ? done() : after(0.02, again)));
  again();
}

// Goes on when these arrays have so many members each, and no more followed.
function settled(counts, next) {
  const enough = (tell) => tell(counts.every(([array, count]) => array.length >= count));
  eventually(enough, () =>
    after(QUIET, () => {
      for (const [array, count] of counts) assert.strictEqual(array.length, count);
      next();
    }),
  );
}

// Goes on with the next `count` members of an array, taken from it.
function take(array, count, next) {
  const enough = (tell) => tell(array.length >= count);
  eventually(enough, () => next(array.splice(0, count)));
}

// Starts a consumer; `next` gets its deliveries, which have its consumerTag.
function consume(channel, queue, options, next) {
  const deliveries = [];
  const deliver = (message) => deliveries.push(message);
  channel.consume(queue, deliver, options, ok((fields) => next(Object.assign(deliveries, fields))));
}

// Goes on with the next `count` messages of `queue`.
function receive(channel, queue, count, next) {
  consume(channel, queue, { noAck: true }, (deliveries) =>
    take(deliveries, count, (messages) =>
      channel.cancel(deliveries.consumerTag, ok(() => next(messages))),
    ),
  );
}

// Goes on with all that is ready in `queue`, by basic.get.
function drain(channel, queue, next, messages = []) {
  const more = (message) => {
    if (message) drain(channel, queue, next, [...messages, message]);
    else next(messages);
  };
  channel.get(queue, { noAck: true }, ok(more));
}

// Goes on with what is ready in each of these queues.
const drainAll = (channel, queues, next) =>
  gather(queues, (queue, then) => drain(channel, queue, then), next);

const texts = (messages) => messages.map(({ content }) => content.toString());

const redelivered = (messages) => messages.map(({ fields }) => fields.redelivered);

// Queue, reason and count of each death that a message tells of.
const deaths = ({ properties }) =>
  (properties.headers['x-death'] ?? []).map((death) => [death.queue, death.reason, death.count]);

// Publishes these texts on a confirm channel, and goes on when the broker has accepted them.
function publish(channel, key, all, { exchange = '', ...options }, next) {
  for (const text of all) channel.publish(exchange, key, Buffer.from(text), options);
  channel.waitForConfirms(ok(next));
}

// Has `call`, with a channel of its own, end in a channel exception with this text in it.
function refused(connection, code, text, call, next) {
  const told = (error) => {
    assert.strictEqual(error.code, code);
    assert(error.message.includes(text), error.message);
    next();
  };
  const started = (channel) => {
    channel.once('error', inTime(`not refused with ${code} ${text}`, told));
    call(channel);
  };
  connection.createChannel(ok(started));
}

// Sees that queues with these arguments are refused with 406 and the text given for each.
function refuseArguments(connection, cases, next) {
  const queue = name('refused');
  const refuse = ([fields, text], then) => {
    const full = `PRECONDITION_FAILED - ${text.replace('{queue}', queue)}`;
    const declare = (channel) => channel.assertQueue(queue, { durable: false, arguments: fields });
    refused(connection, 406, full, declare, then);
  };
  inTurn(cases, refuse, next);
}

// Whether `check`, on a channel of its own, finds what it asks for.
function isThere(connection, check, next) {
  const started = (channel) => {
    let found = true;
    channel.once('error', (error) => {
      if (error.code !== 404) fail(error);
      found = false;
    });
    channel.once('close', () => attempt(next, found));
    check(channel, (error) => error || channel.close());
  };
  connection.createChannel(ok(started));
}

// Has the harness do something to the broker, or to this process (harness/control.py).
function control(path, next) {
  const answered = (answer) => {
    answer.resume();
    if (answer.statusCode === 200) answer.on('end', () => attempt(next));
    else fail(new Error(`${path}: ${answer.statusCode}`));
  };
  http.get(process.env.CONFORMANCE_CONTROL + path, answered).on('error', fail);
}

// Runs a scenario, which calls `done` at its end.
function run(body) {
  const late = () => fail(new Error('the scenario ran out of time'));
  const deadline = setTimeout(late, 55_000);
  body(() => clearTimeout(deadline));
}

// Runs a scenario on a connection of its own.
const scenario = (body) =>
  run((done) => connect('', (connection) => body(connection, () => connection.close(ok(done)))));

module.exports = {
  after,
  amqp,
  attempt,
  connect,
  consume,
  control,
  deaths,
  drain,
  drainAll,
  eventually,
  failing,
  gather,
  inTime,
  inTurn,
  isThere,
  name,
  ok,
  publish,
  receive,
  redelivered,
  refuseArguments,
  refused,
  run,
  scenario,
  settled,
  take,
  texts,
};
