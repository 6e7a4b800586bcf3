package scenarios;

import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.headers;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

public final class ScheduledMessages {
    private static final int DELAY = 300;

    private ScheduledMessages() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = connection.createChannel();
            String queue = name("scheduled");
            channel.queueDeclare(queue, false, true, false, Map.of("x-delayed", true));
            long published = System.nanoTime();
            channel.basicPublish("", queue, headers(Map.of("x-delay", 2 * DELAY)), "2".getBytes());
            channel.basicPublish("", queue, headers(Map.of("x-delay", DELAY)), "1".getBytes());
            publish(channel, "", queue, "0");
            BlockingQueue<Delivery> deliveries = consume(channel, queue, true);
            for (int delays = 0; delays < 3; delays++) {
                next(deliveries, "" + delays);
                long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - published);
                equal(waited >= delays * DELAY, true);
            }
        });
    }
}
