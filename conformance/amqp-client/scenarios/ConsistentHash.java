package scenarios;

import static conformance.Support.accepted;
import static conformance.Support.confirming;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import java.util.List;
import java.util.Map;
import java.util.Set;

public final class ConsistentHash {
    private static final int CUSTOMERS = 40;
    private static final int EACH = 2;

    private ConsistentHash() {}

    private static String declare(Channel channel, String kind, Map<String, Object> arguments) throws Exception {
        channel.exchangeDeclare(name(kind), "x-consistent-hash", false, true, arguments);
        return name(kind);
    }

    /** Sees that each message arrives once, those of one customer in one queue, and some in each queue. */
    private static void spread(Channel channel, String kind, Map<String, Object> arguments) throws Exception {
        String exchange = declare(channel, kind, arguments);
        List<String> weights = List.of("10", "20", "30");
        for (String weight : weights) {
            channel.queueDeclare(name(kind + weight), false, true, false, null);
            channel.queueBind(name(kind + weight), exchange, weight);
        }
        for (int number = 0; number < CUSTOMERS * EACH; number++) {
            String customer = "" + number % CUSTOMERS;
            AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                    .headers(Map.of("customer", customer))
                    .correlationId(customer)
                    .build();
            String key = kind.equals("key") ? customer : "same";
            equal(accepted(channel, exchange, key, properties, customer), true);
        }
        int messages = 0;
        int customers = 0;
        for (String weight : weights) {
            List<String> share = drained(channel, name(kind + weight));
            equal(share.isEmpty(), false);
            messages += share.size();
            customers += Set.copyOf(share).size();
        }
        equal(List.of(messages, customers), List.of(CUSTOMERS * EACH, CUSTOMERS));
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            spread(channel, "key", Map.of());
            spread(channel, "header", Map.of("hash-header", "customer"));
            spread(channel, "property", Map.of("hash-property", "correlation_id"));

            String exchange = declare(channel, "wrong", null);
            String queue = exclusive(channel);
            refused(connection, 406, "The binding key must be greater than 0",
                    other -> other.queueBind(queue, exchange, "0"));
            refused(connection, 406, "The binding key must be an integer",
                    other -> other.queueBind(queue, exchange, "x"));
            refused(connection, 406, "hash-header and hash-property are mutually exclusive",
                    other -> declare(other, "both", Map.of("hash-header", "a", "hash-property", "message_id")));
            refused(connection, 406, "Unsupported property: app_id",
                    other -> declare(other, "other", Map.of("hash-property", "app_id")));
            channel.exchangeDelete(exchange);
        });
    }
}
