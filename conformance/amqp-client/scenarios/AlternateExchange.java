package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.drain;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.refused;
import static conformance.Support.scenario;
import static conformance.Support.PATIENCE;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

public final class AlternateExchange {
    private AlternateExchange() {}

    private static void declare(Channel channel, String exchange, String type, String alternate) throws Exception {
        Map<String, Object> arguments = alternate == null ? null : Map.of("alternate-exchange", alternate);
        channel.exchangeDeclare(exchange, type, false, false, arguments);
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            List<String> returned = new CopyOnWriteArrayList<>();
            channel.addReturnListener(message -> returned.add(message.getRoutingKey()));
            String main = name("main");
            String second = name("second");
            String last = name("last");
            declare(channel, last, "fanout", null);
            declare(channel, second, "topic", last);
            declare(channel, main, "direct", second);
            Map<String, String> holders = Map.of("bound", main, "caught.here", second, "anything", last);
            for (String key : holders.keySet()) {
                channel.queueDeclare(name(key), false, true, false, null);
                channel.queueBind(name(key), holders.get(key), key.replace("here", "*"));
            }

            for (String key : holders.keySet()) {
                channel.basicPublish(main, key, true, null, key.getBytes());
                equal(channel.waitForConfirms(PATIENCE * 1000), true);
            }
            for (String key : holders.keySet()) {
                List<GetResponse> messages = drain(channel, name(key));
                equal(messages.stream().map(message -> new String(message.getBody())).toList(), List.of(key));
                equal(messages.get(0).getEnvelope().getExchange(), main);
                equal(messages.get(0).getEnvelope().getRoutingKey(), key);
            }
            equal(returned, List.of());

            String text = "inequivalent arg 'alternate-exchange' for exchange '" + main + "' in vhost '/': ";
            refused(connection, 406, text + "received 'amq.fanout' but current is '" + second + "'",
                    other -> declare(other, main, "direct", "amq.fanout"));
            for (String exchange : List.of(main, second, last)) {
                channel.exchangeDelete(exchange);
            }
        });
    }
}
