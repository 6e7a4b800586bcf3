package scenarios;

import static conformance.Support.accepted;
import static conformance.Support.confirming;
import static conformance.Support.drain;
import static conformance.Support.equal;
import static conformance.Support.headers;
import static conformance.Support.name;
import static conformance.Support.put;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import java.util.List;
import java.util.Map;

public final class SenderSelected {
    private static final List<String> KEYS = List.of("a", "b", "c");

    private SenderSelected() {}

    /** All that a queue holds; none may have BCC. */
    private static List<String> received(Channel channel, String queue) throws Exception {
        List<GetResponse> messages = drain(channel, queue);
        for (GetResponse message : messages) {
            equal(message.getProps().getHeaders().containsKey("BCC"), false);
        }
        return messages.stream()
                .map(message -> message.getEnvelope().getRoutingKey() + " " + new String(message.getBody())
                        + " " + message.getProps().getHeaders().get("CC"))
                .toList();
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String exchange = name("keys");
            channel.exchangeDeclare(exchange, "direct", false, true, null);
            List<String> queues = KEYS.stream().map(key -> name(key)).toList();
            for (String key : KEYS) {
                channel.queueDeclare(name(key), false, true, false, null);
                channel.queueBind(name(key), exchange, key);
            }

            AMQP.BasicProperties all = headers(Map.of("CC", List.of("b", "a"), "BCC", List.of("c")));
            equal(accepted(channel, exchange, "a", all, "to all"), true);
            for (String queue : queues) {
                equal(received(channel, queue), List.of("a to all [b, a]"));
            }

            AMQP.BasicProperties copy = headers(Map.of("CC", List.of("c")));
            equal(accepted(channel, exchange, "nowhere", copy, "only"), true);
            equal(received(channel, queues.get(0)), List.of());
            equal(received(channel, queues.get(1)), List.of());
            equal(received(channel, queues.get(2)), List.of("nowhere only [c]"));

            List<String> cc = List.of(queues.get(1), name("nowhere"));
            put(channel, queues.get(0), headers(Map.of("CC", cc, "BCC", List.of(queues.get(2)))), "direct");
            for (String queue : queues) {
                equal(received(channel, queue), List.of(queues.get(0) + " direct " + cc));
            }

            for (String header : List.of("CC", "BCC")) {
                String text = "invalid message: {unacceptable_type_in_header,\"" + header + "\",longstr}";
                refused(connection, 406, text,
                        other -> other.basicPublish("", "a", headers(Map.of(header, "b")), new byte[0]));
            }
        });
    }
}
