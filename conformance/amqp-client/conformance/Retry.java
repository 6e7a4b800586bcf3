package conformance;

import static conformance.Support.bodies;
import static conformance.Support.confirming;
import static conformance.Support.consume;
import static conformance.Support.dyingTo;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.header;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.put;
import static conformance.Support.tag;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** Delayed retry, which {@code delayed_retry} and {@code classic_retry} show. */
public final class Retry {
    private static final int LEAST = 150;
    private static final int LIMIT = 2;

    private Retry() {}

    /** Rejects a message of a queue of this type until it is a dead letter. */
    public static void retry(Connection connection, String kind) throws Exception {
        Channel channel = confirming(connection);
        String queue = name("retried");
        String dead = exclusive(channel);
        Map<String, Object> retried = Map.of(
                "x-queue-type", kind,
                "x-delayed-retry-type", "failed",
                "x-delayed-retry-min", LEAST,
                "x-delayed-retry-max", 10 * LEAST,
                "x-delivery-limit", LIMIT);
        channel.queueDeclare(queue, true, false, false, dyingTo(dead, retried));
        channel.basicQos(1);
        put(channel, queue, null, "try", "other");
        BlockingQueue<Delivery> jobs = consume(channel, queue, false);
        long rejected = System.nanoTime();
        for (int attempt = 0; attempt <= LIMIT; attempt++) {
            Delivery job = next(jobs, "try");
            long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - rejected);
            equal(waited >= attempt * LEAST, true);
            equal(header(job, "x-delivery-count", "0"), "" + attempt);
            rejected = System.nanoTime();
            channel.basicReject(tag(job), true);
            if (attempt == 0) {
                channel.basicAck(tag(next(jobs, "other")), false);
            }
        }
        equal(bodies(channel, dead, 1), List.of("try"));
        channel.queueDelete(queue);
    }
}
