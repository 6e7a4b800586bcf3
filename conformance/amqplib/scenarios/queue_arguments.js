'use strict';
const { name, refuseArguments, refused, scenario } = require('../support');

const OF = "for queue '{queue}' in vhost '/': ";
const INTEGERS = [
  'x-message-ttl',
  'x-expires',
  'x-max-length',
  'x-max-length-bytes',
  'x-max-priority',
];
const STRINGS = ['x-overflow', 'x-dead-letter-routing-key'];
const LETTERS = "arg 'x-dead-letter-exchange' in queue '{queue}' in vhost '/'";
const CASES = [
  ...INTEGERS.flatMap((key) => [
    [{ [key]: '1' }, `invalid arg '${key}' ${OF}"expected integer, got longstr"`],
    [{ [key]: 1.5 }, `invalid arg '${key}' ${OF}"expected integer, got double"`],
  ]),
  ...STRINGS.map((key) => [
    { [key]: true },
    `invalid arg '${key}' ${OF}{unacceptable_type,bool}`,
  ]),
  [{ 'x-queue-type': 'foo' }, `invalid arg 'x-queue-type' ${OF}"unsupported queue type 'foo'"`],
  [
    { 'x-dead-letter-routing-key': 'k' },
    `invalid arg 'x-dead-letter-routing-key' ${OF}routing_key_but_no_dlx_defined`,
  ],
  [{ 'x-dead-letter-exchange': true }, `invalid type 'bool' for ${LETTERS}`],
];

scenario(async (connection) => {
  await refuseArguments(connection, CASES);

  const channel = await connection.createChannel();
  const queue = name('limited');
  const limits = { messageTtl: 60_000, maxLength: 5 };
  const declare = (on, options) =>
    on.assertQueue(queue, { exclusive: true, durable: false, ...options });
  await declare(channel, { ...limits, arguments: { 'x-unknown': 'kept' } });
  await declare(channel, { ...limits, arguments: { 'x-unknown': 'not compared' } });
  const text = (key) =>
    `PRECONDITION_FAILED - inequivalent arg '${key}' for queue '${queue}' in vhost '/': `;
  for (const [key, options, difference] of [
    ['x-message-ttl', { messageTtl: 60_001 }, "received '60001' but current is '60000'"],
    ['x-message-ttl', { messageTtl: undefined }, "received none but current is the value '60000'"],
    ['x-expires', { expires: 60_002 }, "received the value '60002' of type '"],
    ['auto_delete', { autoDelete: true }, "received 'true' but current is 'false'"],
  ]) {
    const change = (other) => declare(other, { ...limits, ...options });
    await refused(connection, 406, text(key) + difference, change);
  }
});
