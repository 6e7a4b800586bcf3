package scenarios;

import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.scenario;
import static conformance.Support.QUIET;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public final class Qos {
    private Qos() {}

    private static final String QUEUE = name("qos");

    private static Channel filled(Connection connection) throws Exception {
        Channel channel = connection.createChannel();
        channel.queueDeclare(QUEUE, false, false, false, null);
        for (int number = 0; number < 10; number++) {
            publish(channel, "", QUEUE, String.valueOf(number));
        }
        return channel;
    }

    private static BlockingQueue<Delivery> start(Channel channel) throws Exception {
        BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
        channel.basicConsume(QUEUE, false, (tag, delivery) -> deliveries.add(delivery), tag -> {});
        return deliveries;
    }

    /** Takes this many deliveries and sees that no more follow. */
    private static List<Long> take(BlockingQueue<Delivery> deliveries, int count) throws Exception {
        List<Long> tags = new ArrayList<>();
        while (tags.size() < count) {
            tags.add(next(deliveries).getEnvelope().getDeliveryTag());
        }
        equal(deliveries.poll(QUIET, TimeUnit.MILLISECONDS), null);
        return tags;
    }

    private static void perConsumer(Connection connection) throws Exception {
        Channel channel = filled(connection);
        channel.basicQos(2);
        BlockingQueue<Delivery> first = start(channel);
        channel.basicAck(take(first, 2).get(0), false);
        channel.basicAck(take(first, 1).get(0), true);
        take(first, 2);
        BlockingQueue<Delivery> second = start(channel);
        take(second, 2);
        take(first, 0);
        channel.queueDelete(QUEUE);
        channel.close();
    }

    private static void wholeChannel(Connection connection) throws Exception {
        Channel channel = filled(connection);
        channel.basicQos(3, true);
        BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
        for (int consumer = 0; consumer < 2; consumer++) {
            channel.basicConsume(QUEUE, false, (tag, delivery) -> deliveries.add(delivery), tag -> {});
        }
        take(deliveries, 3);
        channel.basicQos(5, true);
        take(deliveries, 2);
        channel.queueDelete(QUEUE);
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            perConsumer(connection);
            wholeChannel(connection);
        });
    }
}
