package scenarios;

import static conformance.Support.PATIENCE;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import java.util.Map;

public final class LengthLimits {
    private LengthLimits() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            String ring = name("ring");
            String full = name("full");
            Channel channel = connection.createChannel();
            channel.confirmSelect();
            channel.queueDeclare(ring, false, true, false, Map.of("x-max-length", 3));
            for (int number = 0; number < 10; number++) {
                channel.basicPublish("", ring, null, ("" + number).getBytes());
            }
            equal(channel.waitForConfirms(PATIENCE * 1000), true);
            equal(channel.messageCount(ring), 3L);
            equal(new String(channel.basicGet(ring, true).getBody()), "7");

            Map<String, Object> limits = Map.of("x-max-length", 2, "x-overflow", "reject-publish");
            channel.queueDeclare(full, false, true, false, limits);
            for (int number = 0; number < 5; number++) {
                channel.basicPublish("", full, null, ("" + number).getBytes());
                equal(channel.waitForConfirms(PATIENCE * 1000), number < 2);
            }
            equal(channel.messageCount(full), 2L);
        });
    }
}
