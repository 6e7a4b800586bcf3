'use strict';
const assert = require('node:assert');
const { connect, consume, name, receive, refused, scenario } = require('../support');

const REPLY_TO = 'amq.rabbitmq.reply-to';

scenario(async (connection) => {
  const server = await connect();
  const channel = await connection.createChannel();
  const serving = await server.createChannel();
  const requests = name('requests');
  await serving.assertQueue(requests, { durable: false });

  const replies = await consume(channel, REPLY_TO, { noAck: true });
  const options = { replyTo: REPLY_TO, correlationId: '7' };
  channel.sendToQueue(requests, Buffer.from('question'), options);
  const [request] = await receive(serving, requests, 1);
  const { replyTo: address, correlationId } = request.properties;
  assert.strictEqual(request.content.toString(), 'question');
  assert(address.startsWith(`${REPLY_TO}.`), address);
  const found = await serving.checkQueue(address);
  assert.deepStrictEqual(found, { queue: address, messageCount: 0, consumerCount: 1 });
  serving.sendToQueue(address, Buffer.from('answer'), { correlationId });
  const reply = await replies.next();
  assert.strictEqual(reply.content.toString(), 'answer');
  assert.strictEqual(reply.properties.correlationId, '7');
  const { exchange, routingKey, redelivered } = reply.fields;
  assert.deepStrictEqual([exchange, routingKey, redelivered], ['', address, false]);

  const listen = (other, noAck) => other.consume(REPLY_TO, () => {}, { noAck });
  const acknowledging = (other) => listen(other, false);
  await refused(connection, 406, 'reply consumer cannot acknowledge', acknowledging);
  const asking = (other) => other.sendToQueue(requests, Buffer.from('lost'), options);
  await refused(connection, 406, 'fast reply consumer does not exist', asking);
  const twice = async (other) => {
    await listen(other, true);
    await listen(other, true);
  };
  await refused(connection, 406, 'reply consumer already set', twice);

  await channel.close();
  await refused(server, 404, `no queue '${address}'`, (other) => other.checkQueue(address));
  assert.strictEqual((await serving.deleteQueue(requests)).messageCount, 0);
  await server.close();
});
