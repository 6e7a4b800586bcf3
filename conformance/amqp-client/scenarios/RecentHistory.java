package scenarios;

import static conformance.Support.accepted;
import static conformance.Support.confirming;
import static conformance.Support.drain;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.headers;
import static conformance.Support.name;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import java.util.List;
import java.util.Map;

public final class RecentHistory {
    private static final String LENGTH = "x-recent-history-length";

    private RecentHistory() {}

    private static void declare(Channel channel, String exchange, int length) throws Exception {
        channel.exchangeDeclare(exchange, "x-recent-history", false, true, Map.of(LENGTH, length));
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String exchange = name("history");
            String present = exclusive(channel);
            String late = exclusive(channel);
            declare(channel, exchange, 3);
            channel.queueBind(present, exchange, "");
            for (String text : List.of("1", "2", "3", "4", "5")) {
                equal(accepted(channel, exchange, "key." + text, null, text), true);
            }
            AMQP.BasicProperties unkept = headers(Map.of("x-recent-history-no-store", true));
            equal(accepted(channel, exchange, "", unkept, "secret"), true);
            equal(drained(channel, present), List.of("1", "2", "3", "4", "5", "secret"));

            channel.queueBind(late, exchange, "");
            equal(accepted(channel, exchange, "key.6", null, "6"), true);
            List<GetResponse> messages = drain(channel, late);
            equal(messages.stream().map(message -> new String(message.getBody())).toList(),
                    List.of("3", "4", "5", "6"));
            for (GetResponse message : messages) {
                equal(message.getEnvelope().getExchange(), exchange);
                equal(message.getEnvelope().getRoutingKey(), "key." + new String(message.getBody()));
            }

            refused(connection, 406, "Invalid argument 0, '" + LENGTH + "' must be a positive integer",
                    other -> declare(other, name("wrong"), 0));
        });
    }
}
