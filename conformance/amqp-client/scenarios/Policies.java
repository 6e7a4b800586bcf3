package scenarios;

import static conformance.Support.accepted;
import static conformance.Support.confirming;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.get;
import static conformance.Support.name;
import static conformance.Support.put;
import static conformance.Support.receive;
import static conformance.Support.scenario;
import static conformance.Support.told;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import java.util.List;
import java.util.Map;

public final class Policies {
    private static final String CAUGHT = "conformance.caught";
    private static final List<String> ALL = List.of("1", "2", "3", "4", "5");

    private Policies() {}

    /** Sees which of five messages such a queue accepts, and which of them it keeps. */
    private static void expect(
            Channel channel, String suffix, Map<String, Object> arguments, List<String> taken, List<String> kept)
            throws Exception {
        String queue = name(suffix);
        channel.queueDeclare(queue, false, true, false, arguments);
        for (String text : ALL) {
            equal(accepted(channel, "", queue, null, text), taken.contains(text));
        }
        equal(drained(channel, queue), kept);
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            List<String> first = List.of("1", "2", "3");
            List<String> last = List.of("3", "4", "5");
            expect(channel, "ring.policy", Map.of(), ALL, last);
            expect(channel, "short.ring.policy", Map.of("x-max-length", 2), ALL, List.of("4", "5"));
            expect(channel, "long.ring.policy", Map.of("x-max-length", 10), ALL, last);
            expect(channel, "refusing.ring.policy", Map.of("x-overflow", "reject-publish"), first, first);
            expect(channel, "bounded.ring.policy", Map.of(), ALL, List.of("4", "5"));
            expect(channel, "other.policy", Map.of(), List.of("1"), List.of("1"));

            channel.exchangeDeclare(CAUGHT, "fanout");
            String caught = exclusive(channel);
            channel.queueBind(caught, CAUGHT, "");
            String mortal = name("mortal.policy");
            channel.queueDeclare(mortal, false, true, false, null);
            put(channel, mortal, null, "mortal");
            Delivery message = receive(channel, caught, 1).get(0);
            equal(new String(message.getBody()), "mortal");
            equal(told(message), "[" + mortal + " expired 1]");

            String exchange = name("exchange.policy");
            channel.exchangeDeclare(exchange, "topic");
            equal(accepted(channel, exchange, "nowhere", null, "caught"), true);
            GetResponse found = get(channel, caught, "caught");
            equal(found.getEnvelope().getExchange(), exchange);
            equal(found.getEnvelope().getRoutingKey(), "nowhere");
            channel.exchangeDelete(exchange);
        });
    }
}
