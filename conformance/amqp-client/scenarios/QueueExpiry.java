package scenarios;

import static conformance.Support.close;
import static conformance.Support.confirming;
import static conformance.Support.consume;
import static conformance.Support.drained;
import static conformance.Support.dyingTo;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.put;
import static conformance.Support.refuseArgument;
import static conformance.Support.scenario;
import static conformance.Support.PATIENCE;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

public final class QueueExpiry {
    private static final int EXPIRES = 800;

    private QueueExpiry() {}

    /** Messages and consumers of a queue, null when there is no such queue. */
    private static List<Integer> counts(Connection connection, String queue) throws Exception {
        Channel channel = connection.createChannel();
        try {
            AMQP.Queue.DeclareOk found = channel.queueDeclarePassive(queue);
            channel.close();
            return List.of(found.getMessageCount(), found.getConsumerCount());
        } catch (IOException missing) {
            equal(close((ShutdownSignalException) missing.getCause()).getReplyCode(), AMQP.NOT_FOUND);
            return null;
        }
    }

    /** Waits until a queue is gone; to look is to use it, so this looks seldom. */
    private static void awaitEnd(Connection connection, String queue) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
        while (counts(connection, queue) != null) {
            equal(System.nanoTime() < deadline, true);
            Thread.sleep(EXPIRES * 5 / 4);
        }
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String idle = name("idle");
            String used = name("used");
            String dead = name("dead");
            channel.queueDeclare(dead, false, true, false, null);
            Map<String, Object> expiring = dyingTo(dead, Map.of("x-expires", EXPIRES));
            channel.queueDeclare(used, true, false, false, expiring);
            consume(channel, used, false);
            channel.queueDeclare(idle, true, false, false, expiring);
            put(channel, idle, null, "goes with its queue");
            awaitEnd(connection, idle);
            equal(drained(channel, dead), List.of());
            equal(counts(connection, used), List.of(0, 1));
            channel.basicCancel(used);
            awaitEnd(connection, used);

            refuseArgument(connection, "x-expires", 0, "{value_zero,0}");
            refuseArgument(connection, "x-expires", -1, "{value_negative,-1}");
        });
    }
}
