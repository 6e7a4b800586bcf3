package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.get;
import static conformance.Support.headers;
import static conformance.Support.name;
import static conformance.Support.put;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import java.util.List;
import java.util.Map;

public final class QueueDeduplication {
    private QueueDeduplication() {}

    private static AMQP.BasicProperties valued(String value) {
        return headers(Map.of("x-deduplication-header", value));
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String queue = name("unique");
            channel.queueDeclare(queue, false, true, false, Map.of("x-message-deduplication", true));
            put(channel, queue, valued("a"), "1", "2");
            put(channel, queue, valued("b"), "3");
            put(channel, queue, null, "4", "5");
            long first = get(channel, queue, "1").getEnvelope().getDeliveryTag();
            put(channel, queue, valued("a"), "6");
            channel.basicAck(first, false);
            put(channel, queue, valued("a"), "7");
            equal(drained(channel, queue), List.of("3", "4", "5", "7"));
        });
    }
}
