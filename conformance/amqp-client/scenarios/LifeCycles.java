package scenarios;

import static conformance.Support.close;
import static conformance.Support.connect;
import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.eventually;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import conformance.Support.ChannelCall;
import java.io.IOException;
import java.util.List;

public final class LifeCycles {
    private LifeCycles() {}

    /** Whether a passive declaration finds what it names. */
    private static boolean isThere(Connection connection, ChannelCall declaration) throws Exception {
        Channel channel = connection.createChannel();
        try {
            declaration.run(channel);
        } catch (IOException gone) {
            equal(close((ShutdownSignalException) gone.getCause()).getReplyCode(), AMQP.NOT_FOUND);
            return false;
        }
        channel.close();
        return true;
    }

    private static boolean isThere(Connection connection, String queue) throws Exception {
        return isThere(connection, channel -> channel.queueDeclarePassive(queue));
    }

    private static void exclusiveQueue(Connection other) throws Exception {
        String queue = name("exclusive");
        Connection owner = connect();
        owner.createChannel().queueDeclare(queue, false, true, false, null);
        String text = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + queue + "' in vhost '/'";
        refused(other, 405, text, channel -> channel.queueDeclarePassive(queue));
        refused(other, 405, text, channel -> consume(channel, queue, true));
        refused(other, 405, text, channel -> channel.queueDelete(queue));
        owner.close();
        eventually(() -> !isThere(other, queue));
    }

    private static void autoDeleteQueue(Connection connection) throws Exception {
        String queue = name("auto-delete");
        Channel channel = connection.createChannel();
        channel.queueDeclare(queue, false, false, true, null);
        String first = channel.basicConsume(queue, (tag, delivery) -> {}, tag -> {});
        String second = channel.basicConsume(queue, (tag, delivery) -> {}, tag -> {});
        channel.basicCancel(first);
        equal(isThere(connection, queue), true);
        channel.basicCancel(second);
        equal(isThere(connection, queue), false);
        channel.queueDeclare(queue, false, false, true, null);
        channel.basicConsume(queue, (tag, delivery) -> {}, tag -> {});
        channel.close();
        eventually(() -> !isThere(connection, queue));
    }

    private static void autoDeleteExchange(Connection connection) throws Exception {
        String exchange = name("exchange");
        Channel channel = connection.createChannel();
        channel.exchangeDeclare(exchange, BuiltinExchangeType.FANOUT, false, true, null);
        List<String> queues = List.of(exclusive(channel), exclusive(channel));
        for (String queue : queues) {
            channel.queueBind(queue, exchange, "");
        }
        channel.queueUnbind(queues.get(0), exchange, "");
        equal(isThere(connection, other -> other.exchangeDeclarePassive(exchange)), true);
        channel.queueDelete(queues.get(1));
        equal(isThere(connection, other -> other.exchangeDeclarePassive(exchange)), false);
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            exclusiveQueue(connection);
            autoDeleteQueue(connection);
            autoDeleteExchange(connection);
        });
    }
}
