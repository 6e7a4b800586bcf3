package scenarios;

import static conformance.Support.bodies;
import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.header;
import static conformance.Support.headers;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

public final class DelayedExchange {
    private static final String KIND = "x-delayed-message";
    private static final int DELAY = 300;

    private DelayedExchange() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = connection.createChannel();
            String exchange = name("delayed");
            String some = exclusive(channel);
            String other = exclusive(channel);
            channel.exchangeDeclare(exchange, KIND, false, true, Map.of("x-delayed-type", "direct"));
            channel.queueBind(some, exchange, "some");
            channel.queueBind(other, exchange, "other");
            long published = System.nanoTime();
            channel.basicPublish(exchange, "some", headers(Map.of("x-delay", 2 * DELAY)), "2".getBytes());
            channel.basicPublish(exchange, "some", headers(Map.of("x-delay", DELAY)), "1".getBytes());
            publish(channel, exchange, "some", "0");
            channel.basicPublish(exchange, "other", headers(Map.of("x-delay", 1)), "elsewhere".getBytes());

            BlockingQueue<Delivery> deliveries = consume(channel, some, true);
            for (int delays = 0; delays < 3; delays++) {
                Delivery delivery = next(deliveries, "" + delays);
                long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - published);
                equal(waited >= delays * DELAY, true);
                equal(delivery.getEnvelope().getExchange(), exchange);
                equal(delivery.getEnvelope().getRoutingKey(), "some");
                equal(header(delivery, "x-delay", "0"), "" + -delays * DELAY);
            }
            equal(bodies(channel, other, 1), List.of("elsewhere"));

            refused(connection, 406, "Invalid argument, 'x-delayed-type' must be an existing exchange type",
                    each -> each.exchangeDeclare(name("none"), KIND));
        });
    }
}
