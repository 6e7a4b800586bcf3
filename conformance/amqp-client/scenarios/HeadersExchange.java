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

import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import java.util.List;
import java.util.Map;

public final class HeadersExchange {
    private HeadersExchange() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            String exchange = name("headers");
            Channel channel = confirming(connection);
            channel.exchangeDeclare(exchange, BuiltinExchangeType.HEADERS, false, true, null);
            String all = exclusive(channel);
            String any = exclusive(channel);
            channel.queueBind(all, exchange, "ignored", Map.of("x-match", "all", "format", "pdf", "pages", 2));
            channel.queueBind(any, exchange, "ignored", Map.of("x-match", "any", "format", "pdf", "pages", 2));

            accepted(channel, exchange, "", headers(Map.of("format", "pdf", "pages", 2, "x", 1)), "both");
            accepted(channel, exchange, "", headers(Map.of("format", "pdf", "pages", 3)), "one");
            accepted(channel, exchange, "", headers(Map.of("format", "PDF")), "none");
            accepted(channel, exchange, "", null, "bare");

            equal(drained(channel, all), List.of("both"));
            equal(drained(channel, any), List.of("both", "one"));
            refused(connection, 406, "Invalid x-match field value",
                    other -> other.queueBind(all, exchange, "", Map.of("x-match", "some")));
        });
    }
}
