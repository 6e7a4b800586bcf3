package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.put;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.util.List;
import java.util.Map;

public final class Declare {
    private Declare() {}

    private static void queues(Connection connection) throws Exception {
        String queue = name("queue");
        Channel channel = confirming(connection);
        equal(channel.queueDeclare(queue, true, false, false, null).getMessageCount(), 0);
        put(channel, queue, null, "kept");
        AMQP.Queue.DeclareOk again = channel.queueDeclare(queue, true, false, false, null);
        equal(List.of(again.getQueue(), again.getMessageCount(), again.getConsumerCount()), List.of(queue, 1, 0));
        equal(channel.queueDeclarePassive(queue).getMessageCount(), 1);

        String text = "PRECONDITION_FAILED - inequivalent arg '%s' for queue '" + queue + "' in vhost '/'";
        refused(connection, 406, String.format(text, "durable"),
                other -> other.queueDeclare(queue, false, false, false, null));
        refused(connection, 406, String.format(text, "x-max-length"),
                other -> other.queueDeclare(queue, true, false, false, Map.of("x-max-length", 5)));

        equal(channel.queueDelete(queue).getMessageCount(), 1);
        refused(connection, 404, "NOT_FOUND - no queue '" + queue + "' in vhost '/'",
                other -> other.queueDeclarePassive(queue));
        equal(channel.queueDelete(queue).getMessageCount(), 0);
    }

    private static void exchanges(Connection connection) throws Exception {
        String exchange = name("exchange");
        Channel channel = connection.createChannel();
        channel.exchangeDeclare(exchange, BuiltinExchangeType.TOPIC, true);
        channel.exchangeDeclare(exchange, BuiltinExchangeType.TOPIC, true);
        channel.exchangeDeclarePassive(exchange);
        refused(connection, 406,
                "PRECONDITION_FAILED - inequivalent arg 'type' for exchange '" + exchange + "' in vhost '/'",
                other -> other.exchangeDeclare(exchange, BuiltinExchangeType.FANOUT, true));
        refused(connection, 403, "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'",
                other -> other.exchangeDeclare("amq.mine", BuiltinExchangeType.FANOUT));

        channel.exchangeDelete(exchange);
        refused(connection, 404, "NOT_FOUND - no exchange '" + exchange + "' in vhost '/'",
                other -> other.exchangeDeclarePassive(exchange));
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            queues(connection);
            exchanges(connection);
            Channel channel = connection.createChannel();
            String first = channel.queueDeclare().getQueue();
            String second = channel.queueDeclare().getQueue();
            equal(first.startsWith("amq.gen-"), true);
            equal(first.equals(second), false);
        });
    }
}
