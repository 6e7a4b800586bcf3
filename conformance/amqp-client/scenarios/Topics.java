package scenarios;

import static conformance.Support.bodies;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import java.util.ArrayList;
import java.util.List;

public final class Topics {
    private Topics() {}

    private static final List<String> KEYS = List.of(
            "quick.orange.rabbit", "lazy.orange.elephant", "quick.orange.fox", "lazy.brown.fox",
            "lazy.pink.rabbit", "quick.brown.fox", "orange", "quick.orange.new.rabbit",
            "lazy.orange.new.rabbit", "lazy");

    private record Subscription(List<String> bindings, List<String> expected) {}

    private static final List<Subscription> SUBSCRIPTIONS = List.of(
            new Subscription(
                    List.of("*.orange.*"),
                    List.of("quick.orange.rabbit", "lazy.orange.elephant", "quick.orange.fox")),
            new Subscription(
                    List.of("*.*.rabbit", "lazy.#"),
                    List.of("quick.orange.rabbit", "lazy.orange.elephant", "lazy.brown.fox",
                            "lazy.pink.rabbit", "lazy.orange.new.rabbit", "lazy")),
            new Subscription(List.of("#"), KEYS));

    public static void main(String[] arguments) {
        scenario(connection -> {
            String exchange = name("topic_logs");
            Channel channel = connection.createChannel();
            channel.exchangeDeclare(exchange, BuiltinExchangeType.TOPIC);
            List<String> queues = new ArrayList<>();
            for (Subscription subscription : SUBSCRIPTIONS) {
                String queue = exclusive(channel);
                for (String key : subscription.bindings) {
                    channel.queueBind(queue, exchange, key);
                }
                queues.add(queue);
            }

            for (String key : KEYS) {
                publish(channel, exchange, key, key);
            }

            for (int index = 0; index < queues.size(); index++) {
                List<String> expected = SUBSCRIPTIONS.get(index).expected;
                equal(bodies(channel, queues.get(index), expected.size()), expected);
                equal(channel.messageCount(queues.get(index)), 0L);
            }
            channel.exchangeDelete(exchange);
        });
    }
}
