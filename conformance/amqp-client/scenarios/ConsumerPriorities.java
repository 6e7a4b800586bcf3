package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.next;
import static conformance.Support.put;
import static conformance.Support.refused;
import static conformance.Support.scenario;
import static conformance.Support.tag;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

public final class ConsumerPriorities {
    private ConsumerPriorities() {}

    private static BlockingQueue<Delivery> ranked(
            Channel channel, String queue, String tag, Map<String, Object> arguments) throws Exception {
        BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
        channel.basicConsume(queue, false, tag, false, false, arguments,
                (consumer, delivery) -> deliveries.add(delivery), consumer -> {});
        return deliveries;
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            channel.basicQos(1);
            String queue = exclusive(channel);
            BlockingQueue<Delivery> low = ranked(channel, queue, "low", Map.of("x-priority", -5));
            BlockingQueue<Delivery> middle = ranked(channel, queue, "middle", Map.of());
            BlockingQueue<Delivery> high = ranked(channel, queue, "high", Map.of("x-priority", 10));

            put(channel, queue, null, "1", "2", "3", "4", "5", "6");
            Delivery first = next(high, "1");
            Delivery second = next(middle, "2");
            Delivery third = next(low, "3");
            channel.basicAck(tag(second), false);
            Delivery fourth = next(middle, "4");
            channel.basicAck(tag(first), false);
            Delivery fifth = next(high, "5");

            channel.basicCancel("high");
            channel.basicAck(tag(fifth), false);
            channel.basicAck(tag(third), false);
            next(low, "6");
            channel.basicAck(tag(fourth), false);
            put(channel, queue, null, "7");
            next(middle, "7");
            equal(high.isEmpty(), true);

            String text = "invalid arg 'x-priority' for queue '" + queue + "' in vhost '/': ";
            refused(connection, 406, text + "\"expected integer, got longstr\"",
                    other -> ranked(other, queue, "wrong", Map.of("x-priority", "high")));
        });
    }
}
