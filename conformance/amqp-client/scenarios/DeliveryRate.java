package scenarios;

import static conformance.Support.bodies;
import static conformance.Support.confirming;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.put;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

public final class DeliveryRate {
    private static final int RATE = 40;
    private static final int COUNT = 20;

    private DeliveryRate() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String queue = name("rate");
            channel.queueDeclare(queue, false, true, false, Map.of("x-delivery-rate", RATE));
            List<String> texts = IntStream.range(0, COUNT).mapToObj(Integer::toString).toList();
            put(channel, queue, null, texts.toArray(String[]::new));
            long started = System.nanoTime();
            equal(bodies(channel, queue, COUNT), texts);
            double seconds = (System.nanoTime() - started) / 1e9;
            equal(seconds >= 0.9 * (COUNT - 2) / RATE, true);
        });
    }
}
