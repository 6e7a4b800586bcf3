package scenarios;

import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.refused;
import static conformance.Support.scenario;
import static conformance.Support.texts;
import static conformance.Support.QUIET;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public final class Consumers {
    private Consumers() {}

    /** Takes this many deliveries and sees that no more follow. */
    private static List<Delivery> take(BlockingQueue<Delivery> deliveries, int count) throws Exception {
        List<Delivery> taken = new ArrayList<>();
        while (taken.size() < count) {
            taken.add(next(deliveries));
        }
        equal(deliveries.poll(QUIET, TimeUnit.MILLISECONDS), null);
        return taken;
    }

    private static BlockingQueue<Delivery> ranked(Channel channel, String queue, int priority) throws Exception {
        BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
        Map<String, Object> arguments = Map.of("x-priority", priority);
        channel.basicConsume(queue, false, arguments, (tag, delivery) -> deliveries.add(delivery), tag -> {});
        return deliveries;
    }

    private static void priorities(Connection connection) throws Exception {
        Channel channel = connection.createChannel();
        String queue = exclusive(channel);
        channel.basicQos(1);
        BlockingQueue<Delivery> low = ranked(channel, queue, -1);
        BlockingQueue<Delivery> high = ranked(channel, queue, 10);
        for (String text : List.of("1", "2", "3")) {
            publish(channel, "", queue, text);
        }
        equal(texts(take(low, 1)), List.of("2"));
        List<Delivery> taken = take(high, 1);
        equal(texts(taken), List.of("1"));
        channel.basicAck(taken.get(0).getEnvelope().getDeliveryTag(), false);
        equal(texts(take(high, 1)), List.of("3"));
        take(low, 0);
    }

    private static void singleActive(Connection connection) throws Exception {
        Channel first = connection.createChannel();
        Channel second = connection.createChannel();
        Map<String, Object> arguments = Map.of("x-single-active-consumer", true);
        String queue = first.queueDeclare("", false, true, false, arguments).getQueue();
        BlockingQueue<Delivery> active = consume(first, queue, false);
        BlockingQueue<Delivery> waiting = consume(second, queue, false);
        for (String text : List.of("1", "2")) {
            publish(first, "", queue, text);
        }
        take(active, 2);
        take(waiting, 0);
        first.close();
        List<Delivery> again = take(waiting, 2);
        equal(texts(again), List.of("1", "2"));
        equal(again.stream().allMatch(delivery -> delivery.getEnvelope().isRedeliver()), true);
        Channel third = connection.createChannel();
        refused(403, () -> third.basicConsume(queue, false, "", false, true, null, (tag, delivery) -> {}, tag -> {}));
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            priorities(connection);
            singleActive(connection);
        });
    }
}
