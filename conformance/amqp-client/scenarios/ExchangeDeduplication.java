package scenarios;

import static conformance.Support.accepted;
import static conformance.Support.confirming;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.headers;
import static conformance.Support.name;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import java.util.List;
import java.util.Map;

public final class ExchangeDeduplication {
    private static final String KIND = "x-message-deduplication";

    private ExchangeDeduplication() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String exchange = name("unique");
            String queue = exclusive(channel);
            channel.exchangeDeclare(exchange, KIND, false, true, Map.of("x-cache-size", 2));
            channel.queueBind(queue, exchange, "");
            for (String text : List.of("a1", "a2", "b1", "b2", "c1", "a3", "c2")) {
                AMQP.BasicProperties valued = headers(Map.of("x-deduplication-header", text.substring(0, 1)));
                equal(accepted(channel, exchange, "", valued, text), true);
            }
            equal(accepted(channel, exchange, "", null, "unmarked"), true);
            equal(accepted(channel, exchange, "", null, "unmarked"), true);
            equal(drained(channel, queue), List.of("a1", "b1", "c1", "a3", "unmarked", "unmarked"));

            refused(connection, 406,
                    "Missing or invalid argument, 'x-cache-size' must be an integer greater than 0",
                    other -> other.exchangeDeclare(name("none"), KIND));
        });
    }
}
