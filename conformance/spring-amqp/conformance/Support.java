package conformance;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory.ConfirmType;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;

/** What every scenario needs: the broker's address, names of its own, and checks. */
public final class Support {
    /** Seconds after which something that should have come counts as missing. */
    public static final int PATIENCE = 10;

    /** Milliseconds of silence after which nothing more is expected. */
    public static final int QUIET = 300;

    public interface Scenario {
        void run(CachingConnectionFactory connections) throws Exception;
    }

    public interface Check {
        boolean holds() throws Exception;
    }

    private Support() {}

    /** Runs a scenario on a connection of its own and ends the process. */
    public static void scenario(Scenario body) {
        CachingConnectionFactory connections = connections(ConfirmType.CORRELATED);
        try {
            body.run(connections);
            connections.destroy();
        } catch (Throwable failure) {
            failure.printStackTrace();
            System.exit(1);
        }
        System.exit(0);
    }

    /** Connections, with publisher confirms of this type and returns. */
    public static CachingConnectionFactory connections(ConfirmType confirms) {
        CachingConnectionFactory connections = new CachingConnectionFactory(URI.create(System.getenv("AMQP_URI")));
        connections.setPublisherConfirmType(confirms);
        connections.setPublisherReturns(true);
        return connections;
    }

    /** A queue or exchange name that no other scenario uses. */
    public static String name(String suffix) {
        return System.getenv("CONFORMANCE_PREFIX") + "." + suffix;
    }

    /** Declares an exclusive queue, which all that shares the connection may use; returns its name. */
    public static String declare(RabbitAdmin admin, String suffix, Map<String, Object> arguments) {
        Queue queue = QueueBuilder.nonDurable(name(suffix)).exclusive().withArguments(arguments).build();
        return admin.declareQueue(queue);
    }

    /** Arguments of a queue whose dead letters go to another queue. */
    public static Map<String, Object> dyingTo(String dead) {
        return Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", dead);
    }

    public static void equal(Object got, Object want) {
        if (!Objects.deepEquals(got, want)) {
            throw new AssertionError("got " + got + ", want " + want);
        }
    }

    public static String text(Message message) {
        return new String(message.getBody());
    }

    public static <T> T next(BlockingQueue<T> things) throws InterruptedException {
        T thing = things.poll(PATIENCE, TimeUnit.SECONDS);
        if (thing == null) {
            throw new AssertionError("nothing came");
        }
        return thing;
    }

    public static void silent(BlockingQueue<?> things) throws InterruptedException {
        equal(things.poll(QUIET, TimeUnit.MILLISECONDS), null);
    }

    /** The next message of a queue, which has this body. */
    public static Message receive(RabbitTemplate template, String queue, String text) {
        Message message = template.receive(queue, PATIENCE * 1000);
        equal(text(message), text);
        return message;
    }

    /** Queue, reason and count of each death that a message tells of, newest first. */
    public static List<String> deaths(Message message) {
        List<Map<String, ?>> deaths = message.getMessageProperties().getXDeathHeader();
        return deaths == null
                ? List.of()
                : deaths.stream()
                        .map(death -> death.get("queue") + " " + death.get("reason") + " " + death.get("count"))
                        .toList();
    }

    public static long ready(RabbitAdmin admin, String queue) {
        return admin.getQueueInfo(queue).getMessageCount();
    }

    /** Waits until a check holds. */
    public static void eventually(Check check) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
        while (!check.holds()) {
            equal(System.nanoTime() < deadline, true);
            Thread.sleep(20);
        }
    }

    /** Has the harness do something to the broker (harness/control.py). */
    public static void control(String path) throws IOException {
        URI.create(System.getenv("CONFORMANCE_CONTROL") + path).toURL().openStream().close();
    }
}
