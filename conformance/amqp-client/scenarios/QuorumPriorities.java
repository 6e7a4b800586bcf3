package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.put;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import java.util.List;
import java.util.Map;

public final class QuorumPriorities {
    private QuorumPriorities() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String queue = name("ranked");
            channel.queueDeclare(queue, true, false, false, Map.of("x-queue-type", "quorum"));
            put(channel, queue, null, "none");
            for (int priority : new int[] {3, 40, 5, 31, 4}) {
                put(channel, queue, new AMQP.BasicProperties.Builder().priority(priority).build(), "" + priority);
            }
            equal(drained(channel, queue), List.of("40", "31", "5", "none", "4", "3"));
            channel.queueDelete(queue);
        });
    }
}
