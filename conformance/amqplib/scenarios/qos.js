'use strict';
const { scenario, settled } = require('../support');

async function prepare(connection) {
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (let number = 0; number < 10; number += 1) {
    channel.sendToQueue(queue, Buffer.from(number.toString()));
  }
  await channel.checkQueue(queue);
  return { channel, queue };
}

async function perConsumer(connection) {
  const { channel, queue } = await prepare(connection);
  await channel.prefetch(2);
  const first = [];
  const second = [];
  await channel.consume(queue, (message) => first.push(message));
  await settled([first, 2]);
  channel.ack(first[0]);
  await settled([first, 3]);
  channel.ack(first[2], true);
  await settled([first, 5]);
  await channel.consume(queue, (message) => second.push(message));
  await settled([first, 5], [second, 2]);
  await channel.close();
}

async function wholeChannel(connection) {
  const { channel, queue } = await prepare(connection);
  await channel.prefetch(3, true);
  const deliveries = [];
  await channel.consume(queue, (message) => deliveries.push(message));
  await channel.consume(queue, (message) => deliveries.push(message));
  await settled([deliveries, 3]);
  await channel.prefetch(4, true);
  await settled([deliveries, 4]);
}

scenario(async (connection) => {
  await perConsumer(connection);
  await wholeChannel(connection);
});
