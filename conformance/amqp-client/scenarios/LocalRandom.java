package scenarios;

import static conformance.Support.accepted;
import static conformance.Support.confirming;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

public final class LocalRandom {
    private LocalRandom() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String exchange = name("local");
            channel.exchangeDeclare(exchange, "x-local-random", false, true, null);
            List<String> queues = List.of(name("0"), name("1"), name("2"));
            for (String queue : queues) {
                channel.queueDeclare(queue, false, true, false, null);
                channel.queueBind(queue, exchange, "");
            }
            List<String> sent = IntStream.range(10, 70).mapToObj(Integer::toString).toList();
            for (String text : sent) {
                equal(accepted(channel, exchange, "any", null, text), true);
            }
            List<String> received = new ArrayList<>();
            for (String queue : queues) {
                List<String> share = drained(channel, queue);
                equal(share.isEmpty(), false);
                received.addAll(share);
            }
            equal(received.stream().sorted().toList(), sent);

            refused(connection, 406, "Non empty binding 'key' key not permitted",
                    other -> other.queueBind(queues.get(0), exchange, "key"));
        });
    }
}
