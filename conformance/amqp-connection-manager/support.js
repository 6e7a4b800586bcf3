// What every scenario of amqp-connection-manager needs: the broker's address and names of its own.
'use strict';

const assert = require('node:assert');
const manager = require('amqp-connection-manager');

// Seconds after which something that should have come counts as missing.
const PATIENCE = 10;

// A managed connection, which tries again soon.
const connect = () => manager.connect(process.env.AMQP_URI, { reconnectTimeInSeconds: 0.2 });

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

// Waits for the next `count` texts that come to an array, and takes them.
async function take(array, count) {
  const deadline = Date.now() + PATIENCE * 1000;
  while (array.length < count) {
    assert(Date.now() < deadline, `${array.length} of ${count} messages came`);
    await pause(0.02);
  }
  return array.splice(0, count).map(({ content }) => content.toString());
}

// Has the harness do something to the broker (harness/control.py).
async function control(path) {
  const answer = await fetch(process.env.CONFORMANCE_CONTROL + path);
  assert(answer.ok, await answer.text());
}

// Runs a scenario on a managed connection; a throw ends the process with code 1.
function scenario(body) {
  const deadline = setTimeout(() => {
    throw new Error('the scenario ran out of time');
  }, 55_000);
  const connection = connect();
  body(connection)
    .then(() => connection.close())
    .then(() => clearTimeout(deadline))
    .catch((error) => {
      console.error(error);
      process.exit(1);
    });
}

module.exports = { connect, control, name, next, pause, scenario, take, within };
