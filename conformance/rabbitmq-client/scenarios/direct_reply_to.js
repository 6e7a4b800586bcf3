'use strict';
const assert = require('node:assert');
const support = require('../support');
const { acquire, connect, consume, createPublisher, name } = support;
const { receive, refused, scenario, take } = support;

const REPLY_TO = 'amq.rabbitmq.reply-to';
const requests = name('requests');
const question = { routingKey: requests, replyTo: REPLY_TO, correlationId: '7' };

scenario(async (connection) => {
  const server = await connect();
  const channel = await acquire(connection);
  await server.queueDeclare(requests);

  const replies = await consume(channel, REPLY_TO, { noAck: true });
  await channel.basicPublish(question, 'question');
  const [request] = await receive(server, requests, 1);
  const { replyTo: address, correlationId } = request;
  assert.strictEqual(request.body, 'question');
  assert(address.startsWith(`${REPLY_TO}.`), address);
  const found = await server.queueDeclare({ queue: address, passive: true });
  assert.deepStrictEqual({ ...found }, { queue: address, messageCount: 0, consumerCount: 1 });
  await createPublisher(server).send({ routingKey: address, correlationId }, 'answer');
  const [reply] = await take(replies, 1);
  assert.deepStrictEqual([reply.body, reply.correlationId], ['answer', '7']);
  assert.deepStrictEqual([reply.exchange, reply.routingKey], ['', address]);
  assert.strictEqual(reply.redelivered, false);

  const misuse = (text, call) => refused(connection, 'PRECONDITION_FAILED', text, call);
  await misuse('reply consumer cannot acknowledge', (other) => consume(other, REPLY_TO));
  await misuse('fast reply consumer does not exist', () =>
    createPublisher(connection).send(question, 'lost'),
  );
  await misuse('reply consumer already set', async (other) => {
    for (let time = 0; time < 2; time += 1) await consume(other, REPLY_TO, { noAck: true });
  });

  await channel.close();
  const check = (other) => other.queueDeclare({ queue: address, passive: true });
  await refused(server, 'NOT_FOUND', `no queue '${address}'`, check);
  assert.strictEqual((await server.queueDelete(requests)).messageCount, 0);
});
