package scenarios;

import static conformance.Support.bodies;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import java.util.List;

public final class Routing {
    private Routing() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            String exchange = name("direct_logs");
            Channel channel = connection.createChannel();
            channel.exchangeDeclare(exchange, BuiltinExchangeType.DIRECT);
            String errors = exclusive(channel);
            String everything = exclusive(channel);
            channel.queueBind(errors, exchange, "error");
            for (String severity : List.of("info", "warning", "error")) {
                channel.queueBind(everything, exchange, severity);
            }

            for (String severity : List.of("info", "error", "debug", "warning")) {
                publish(channel, exchange, severity, severity);
            }

            equal(bodies(channel, errors, 1), List.of("error"));
            equal(bodies(channel, everything, 3), List.of("info", "error", "warning"));
            equal(channel.messageCount(errors), 0L);
            equal(channel.messageCount(everything), 0L);
            channel.exchangeDelete(exchange);
        });
    }
}
