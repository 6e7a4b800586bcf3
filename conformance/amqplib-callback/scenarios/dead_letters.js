'use strict';
const assert = require('node:assert');
const { consume, deaths, inTurn, name, ok, receive, scenario, take } = require('../support');

const [exchange, dead, dying, work, wait] = ['dlx', 'dead', 'dying', 'work', 'wait'].map(name);

function checkExpired(message) {
  const { fields, properties } = message;
  assert.deepStrictEqual([fields.exchange, fields.routingKey], [exchange, dying]);
  assert.deepStrictEqual([properties.expiration, properties.deliveryMode], [undefined, 2]);
  assert.strictEqual(properties.headers.n, 1);
  assert.deepStrictEqual(deaths(message), [[dying, 'expired', 1]]);
  const [death] = properties.headers['x-death'];
  assert.strictEqual(death['original-expiration'], '50');
  assert.deepStrictEqual(death['routing-keys'], [dying]);
}

function letters(channel, next) {
  const reject = () => consume(channel, dying, {}, (deliveries) => {
    channel.sendToQueue(dying, Buffer.from('rejected'));
    take(deliveries, 1, ([message]) => {
      channel.reject(message, false);
      receive(channel, dead, 1, ([rejected]) => {
        assert.deepStrictEqual(deaths(rejected), [[dying, 'rejected', 1]]);
        assert.strictEqual(rejected.properties.headers['x-first-death-queue'], dying);
        next();
      });
    });
  });

  channel.assertExchange(exchange, 'topic', { autoDelete: true });
  channel.assertQueue(dead, { exclusive: true });
  channel.bindQueue(dead, exchange, '#');
  channel.assertQueue(dying, { exclusive: true, deadLetterExchange: exchange }, ok(() => {
    const options = { expiration: 50, persistent: true, headers: { n: 1 } };
    channel.sendToQueue(dying, Buffer.from('expires'), options);
    receive(channel, dead, 1, ([expired]) => {
      checkExpired(expired);
      reject();
    });
  }));
}

function attempts(channel, next) {
  const to = (queue) => ({ exclusive: true, deadLetterExchange: '', deadLetterRoutingKey: queue });
  channel.assertQueue(work, to(wait));
  channel.assertQueue(wait, { ...to(work), messageTtl: 50 });
  consume(channel, work, {}, (jobs) => {
    channel.sendToQueue(work, Buffer.from('job'));
    const once = (attempt, then) => take(jobs, 1, ([job]) => {
      const expected = [[wait, 'expired', attempt], [work, 'rejected', attempt]];
      assert.deepStrictEqual(deaths(job), attempt ? expected : []);
      channel.reject(job, false);
      then();
    });
    inTurn([0, 1, 2, 3], once, next);
  });
}

scenario((connection, done) => {
  connection.createChannel(ok((channel) => letters(channel, () => attempts(channel, done))));
});
