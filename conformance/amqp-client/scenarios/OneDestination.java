package scenarios;

import static conformance.Support.accepted;
import static conformance.Support.confirming;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

public final class OneDestination {
    private static final int KEYS = 30;
    private static final int EACH = 2;

    private OneDestination() {}

    /** What each of three queues gets of messages with 30 keys, twice each. */
    private static List<List<String>> shares(Channel channel, String kind) throws Exception {
        String exchange = name(kind);
        channel.exchangeDeclare(exchange, kind, false, true, null);
        List<String> queues = Stream.of("0", "1", "2").map(number -> name(kind + number)).toList();
        for (String queue : queues) {
            channel.queueDeclare(queue, false, true, false, null);
            channel.queueBind(queue, exchange, "ignored");
        }
        List<String> sent = new ArrayList<>();
        for (int number = 0; number < KEYS * EACH; number++) {
            String key = "" + number % KEYS;
            equal(accepted(channel, exchange, key, null, key), true);
            sent.add(key);
        }
        List<List<String>> shares = new ArrayList<>();
        for (String queue : queues) {
            shares.add(drained(channel, queue));
            equal(shares.get(shares.size() - 1).isEmpty(), false);
        }
        equal(shares.stream().flatMap(List::stream).sorted().toList(), sent.stream().sorted().toList());
        return shares;
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            shares(channel, "x-random");
            List<List<String>> byKey = shares(channel, "x-modulus-hash");
            equal(byKey.stream().mapToInt(share -> Set.copyOf(share).size()).sum(), KEYS);
        });
    }
}
