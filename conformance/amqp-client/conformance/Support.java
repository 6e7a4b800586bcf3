package conformance;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What every scenario needs: the broker's address, names of its own, and checks. */
public final class Support {
    /** Seconds after which something that should have come counts as missing. */
    public static final int PATIENCE = 10;

    /** Milliseconds of silence after which nothing more is expected. */
    public static final int QUIET = 300;

    public interface Scenario {
        void run(Connection connection) throws Exception;
    }

    public interface Call {
        void run() throws Exception;
    }

    private Support() {}

    /** Runs a scenario on a connection of its own and ends the process. */
    public static void scenario(Scenario body) {
        try (Connection connection = connect()) {
            body.run(connection);
        } catch (Throwable failure) {
            failure.printStackTrace();
            System.exit(1);
        }
        System.exit(0);
    }

    public static ConnectionFactory factory() throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(System.getenv("AMQP_URI"));
        return factory;
    }

    public static Connection connect() throws Exception {
        return factory().newConnection();
    }

    /** A queue or exchange name that no other scenario uses. */
    public static String name(String suffix) {
        return System.getenv("CONFORMANCE_PREFIX") + "." + suffix;
    }

    public static void equal(Object got, Object want) {
        if (!Objects.deepEquals(got, want)) {
            throw new AssertionError("got " + text(got) + ", want " + text(want));
        }
    }

    private static String text(Object value) {
        return value instanceof Object[] ? Arrays.deepToString((Object[]) value) : String.valueOf(value);
    }

    /** Declares a server-named exclusive queue that outlives its consumers. */
    public static String exclusive(Channel channel) throws IOException {
        return channel.queueDeclare("", false, true, false, null).getQueue();
    }

    public static void publish(Channel channel, String exchange, String key, String text)
            throws IOException {
        channel.basicPublish(exchange, key, null, text.getBytes());
    }

    /** Consumes into a queue that the scenario polls. */
    public static BlockingQueue<Delivery> consume(Channel channel, String queue, boolean autoAck)
            throws IOException {
        BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
        channel.basicConsume(queue, autoAck, queue, (tag, delivery) -> deliveries.add(delivery), tag -> {});
        return deliveries;
    }

    public static Delivery next(BlockingQueue<Delivery> deliveries) throws InterruptedException {
        Delivery delivery = deliveries.poll(PATIENCE, TimeUnit.SECONDS);
        if (delivery == null) {
            throw new AssertionError("no delivery came");
        }
        return delivery;
    }

    /** The next messages of a queue, acknowledged automatically. */
    public static List<Delivery> receive(Channel channel, String queue, int count) throws Exception {
        BlockingQueue<Delivery> deliveries = consume(channel, queue, true);
        List<Delivery> messages = new ArrayList<>();
        while (messages.size() < count) {
            messages.add(next(deliveries));
        }
        channel.basicCancel(queue);
        return messages;
    }

    public static List<String> bodies(Channel channel, String queue, int count) throws Exception {
        return texts(receive(channel, queue, count));
    }

    public static List<String> texts(List<Delivery> messages) {
        return messages.stream().map(message -> new String(message.getBody())).toList();
    }

    /** Polls one message that must be there, unacknowledged. */
    public static GetResponse get(Channel channel, String queue, String text) throws IOException {
        GetResponse response = channel.basicGet(queue, false);
        equal(new String(response.getBody()), text);
        return response;
    }

    /** The text of the channel exception, with this code, that a call ends in. */
    public static String refused(int code, Call call) throws Exception {
        try {
            call.run();
        } catch (IOException refused) {
            AMQP.Channel.Close close = close((ShutdownSignalException) refused.getCause());
            equal(close.getReplyCode(), code);
            return close.getReplyText();
        }
        throw new AssertionError("expected code " + code);
    }

    public static AMQP.Channel.Close close(ShutdownSignalException signal) {
        return (AMQP.Channel.Close) signal.getReason();
    }
}
