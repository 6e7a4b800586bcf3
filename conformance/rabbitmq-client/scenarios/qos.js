'use strict';
const { acquireConfirming, consume, scenario, settled } = require('../support');

async function prepare(connection) {
  const channel = await acquireConfirming(connection);
  const { queue } = await channel.queueDeclare({ exclusive: true });
  for (let number = 0; number < 10; number += 1) await channel.basicPublish(queue, `${number}`);
  return { channel, queue };
}

async function perConsumer(connection) {
  const { channel, queue } = await prepare(connection);
  await channel.basicQos({ prefetchCount: 2 });
  const first = await consume(channel, queue);
  await settled([first, 2]);
  channel.basicAck(first[0]);
  await settled([first, 3]);
  channel.basicAck({ deliveryTag: first[2].deliveryTag, multiple: true });
  await settled([first, 5]);
  const second = await consume(channel, queue);
  await settled([first, 5], [second, 2]);
  await channel.close();
}

async function wholeChannel(connection) {
  const { channel, queue } = await prepare(connection);
  await channel.basicQos({ prefetchCount: 3, global: true });
  const deliveries = [];
  for (let number = 0; number < 2; number += 1) {
    await channel.basicConsume({ queue }, (message) => deliveries.push(message));
  }
  await settled([deliveries, 3]);
  await channel.basicQos({ prefetchCount: 4, global: true });
  await settled([deliveries, 4]);
}

scenario(async (connection) => {
  await perConsumer(connection);
  await wholeChannel(connection);
});
