package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.consume;
import static conformance.Support.drained;
import static conformance.Support.dyingTo;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.put;
import static conformance.Support.receive;
import static conformance.Support.refused;
import static conformance.Support.scenario;
import static conformance.Support.tag;
import static conformance.Support.told;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.Map;

public final class AtLeastOnce {
    private static final Map<String, Object> QUORUM = Map.of("x-queue-type", "quorum");

    private AtLeastOnce() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String queue = name("careful");
            String dead = name("dead");
            channel.queueDeclare(dead, true, false, false, QUORUM);
            Map<String, Object> careful = dyingTo(dead, QUORUM);
            careful.put("x-dead-letter-strategy", "at-least-once");
            careful.put("x-overflow", "reject-publish");
            channel.queueDeclare(queue, true, false, false, careful);
            put(channel, queue, null, "rejected");
            Delivery rejected = next(consume(channel, queue, false), "rejected");
            channel.basicCancel(queue);
            put(channel, queue, new AMQP.BasicProperties.Builder().expiration("100").build(), "expires");
            channel.basicReject(tag(rejected), false);
            List<String> reasons = receive(channel, dead, 2).stream()
                    .map(message -> new String(message.getBody()) + " " + told(message))
                    .sorted()
                    .toList();
            equal(reasons,
                    List.of("expires [" + queue + " expired 1]", "rejected [" + queue + " rejected 1]"));
            equal(drained(channel, queue), List.of());
            channel.queueDelete(queue);
            channel.queueDelete(dead);

            String refused = name("refused");
            String text = "invalid arg 'x-dead-letter-strategy' for queue '" + refused + "' in vhost '/'";
            Map<String, Object> wrong = Map.of("x-queue-type", "quorum", "x-dead-letter-strategy", "sometimes");
            refused(connection, 406, text + ": invalid_dlx_strategy",
                    other -> other.queueDeclare(refused, true, false, false, wrong));
            refused(connection, 406, text + " of queue type rabbit_classic_queue",
                    other -> other.queueDeclare(refused, true, false, false,
                            Map.of("x-dead-letter-strategy", "at-least-once")));
        });
    }
}
