package scenarios;

import static conformance.Support.bodies;
import static conformance.Support.drained;
import static conformance.Support.dyingTo;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import java.util.List;
import java.util.Map;

public final class ExpiryAnywhere {
    private ExpiryAnywhere() {}

    private static void put(Channel channel, String queue, String text, String expiration) throws Exception {
        AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder().expiration(expiration).build();
        channel.basicPublish("", queue, properties, text.getBytes());
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = connection.createChannel();
            String queue = name("lasting");
            String dead = exclusive(channel);
            channel.queueDeclare(queue, false, true, false, dyingTo(dead, Map.of()));
            put(channel, queue, "stays", null);
            put(channel, queue, "second", "400");
            put(channel, queue, "first", "100");
            put(channel, queue, "stays too", "600000");
            equal(bodies(channel, dead, 2), List.of("first", "second"));
            equal(drained(channel, queue), List.of("stays", "stays too"));
        });
    }
}
