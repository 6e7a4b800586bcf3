package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.consume;
import static conformance.Support.deaths;
import static conformance.Support.drain;
import static conformance.Support.drained;
import static conformance.Support.dyingTo;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.put;
import static conformance.Support.receive;
import static conformance.Support.refuseArgument;
import static conformance.Support.refused;
import static conformance.Support.scenario;
import static conformance.Support.told;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;

public final class MessageTtl {
    private MessageTtl() {}

    /** How a message told of its death that lived for the lower of a queue's TTL and its own expiration. */
    private static Object expirationTold(Channel channel, String dead, Integer ttl, String expiration)
            throws Exception {
        String queue = name(ttl + "." + expiration);
        Map<String, Object> limits = ttl == null ? Map.of() : Map.of("x-message-ttl", ttl);
        channel.queueDeclare(queue, false, true, false, dyingTo(dead, limits));
        put(channel, queue, expiring(expiration), "mortal");
        Delivery message = receive(channel, dead, 1).get(0);
        equal(told(message), "[" + queue + " expired 1]");
        equal(message.getProperties().getExpiration(), null);
        equal(drained(channel, queue), List.of());
        Object original = deaths(message).get(0).get("original-expiration");
        return original == null ? null : original.toString();
    }

    private static AMQP.BasicProperties expiring(String expiration) {
        return new AMQP.BasicProperties.Builder().expiration(expiration).build();
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String dead = name("dead");
            String kept = name("kept");
            channel.queueDeclare(dead, false, true, false, null);
            channel.queueDeclare(kept, false, true, false, Map.of("x-message-ttl", 600_000));

            equal(expirationTold(channel, dead, 150, null), null);
            equal(expirationTold(channel, dead, null, "150"), "150");
            equal(expirationTold(channel, dead, 600_000, "150"), "150");
            equal(expirationTold(channel, dead, 150, "600000"), "600000");
            equal(expirationTold(channel, dead, 0, null), null);
            equal(expirationTold(channel, dead, null, "0"), "0");

            put(channel, kept, null, "by queue");
            put(channel, kept, expiring("500000"), "by both");
            List<GetResponse> messages = drain(channel, kept);
            equal(messages.stream().map(message -> new String(message.getBody())).toList(),
                    List.of("by queue", "by both"));
            equal(messages.get(0).getProps().getExpiration(), null);
            equal(messages.get(1).getProps().getExpiration(), "500000");

            String instant = name("instant");
            channel.queueDeclare(instant, false, true, false, Map.of("x-message-ttl", 0));
            BlockingQueue<Delivery> deliveries = consume(channel, instant, true);
            put(channel, instant, null, "in time");
            next(deliveries, "in time");

            refuseArgument(connection, "x-message-ttl", -1, "{value_negative,-1}");
            refuseArgument(connection, "x-message-ttl", 315360000001L, "{value_too_large,315360000001}");
            refuseArgument(connection, "x-message-ttl", "150", "\"expected integer, got longstr\"");
            refused(connection, 406, "PRECONDITION_FAILED - invalid expiration 'soon': no_integer",
                    other -> other.basicPublish("", kept, expiring("soon"), new byte[0]));
            refused(connection, 406, "PRECONDITION_FAILED - invalid expiration '-1': {value_negative,-1}",
                    other -> other.basicPublish("", kept, expiring("-1"), new byte[0]));
        });
    }
}
