package conformance;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.Recoverable;
import com.rabbitmq.client.RecoveryListener;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
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

    public interface ChannelCall {
        void run(Channel channel) throws Exception;
    }

    public interface Check {
        boolean holds() throws Exception;
    }

    private Support() {}

    /** Runs a scenario on a connection of its own and ends the process. */
    public static void scenario(Scenario body) {
        run(() -> connect(), body);
    }

    public static void scenario(ConnectionFactory factory, Scenario body) {
        run(() -> factory.newConnection(), body);
    }

    private static void run(Callable<Connection> connector, Scenario body) {
        try (Connection connection = connector.call()) {
            body.run(connection);
        } catch (Throwable failure) {
            failure.printStackTrace();
            System.exit(1);
        }
        System.exit(0);
    }

    /** Its connections recover, as is the default, but try more often than every five seconds. */
    public static ConnectionFactory factory() throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(System.getenv("AMQP_URI"));
        factory.setNetworkRecoveryInterval(200);
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

    public static void contains(String text, String part) {
        if (!text.contains(part)) {
            throw new AssertionError("got " + text + ", want " + part);
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

    /** All that is ready in a queue, by basic.get. */
    public static List<GetResponse> drain(Channel channel, String queue) throws IOException {
        List<GetResponse> messages = new ArrayList<>();
        GetResponse message = channel.basicGet(queue, true);
        while (message != null) {
            messages.add(message);
            message = channel.basicGet(queue, true);
        }
        return messages;
    }

    public static List<String> drained(Channel channel, String queue) throws IOException {
        return drain(channel, queue).stream().map(message -> new String(message.getBody())).toList();
    }

    /** The next delivery, which has this body. */
    public static Delivery next(BlockingQueue<Delivery> deliveries, String text) throws InterruptedException {
        Delivery delivery = next(deliveries);
        equal(new String(delivery.getBody()), text);
        return delivery;
    }

    public static long tag(Delivery delivery) {
        return delivery.getEnvelope().getDeliveryTag();
    }

    public static Channel confirming(Connection connection) throws IOException {
        Channel channel = connection.createChannel();
        channel.confirmSelect();
        return channel;
    }

    /** Publishes on a channel with confirms; whether the broker accepted it. */
    public static boolean accepted(
            Channel channel, String exchange, String key, AMQP.BasicProperties properties, String text)
            throws Exception {
        channel.basicPublish(exchange, key, properties, text.getBytes());
        return channel.waitForConfirms(PATIENCE * 1000);
    }

    /** Publishes to a queue what the broker has to accept. */
    public static void put(Channel channel, String queue, AMQP.BasicProperties properties, String... texts)
            throws Exception {
        for (String text : texts) {
            equal(accepted(channel, "", queue, properties, text), true);
        }
    }

    public static AMQP.BasicProperties headers(Map<String, Object> headers) {
        return new AMQP.BasicProperties.Builder().headers(headers).build();
    }

    /** A header of a delivery as text, or what stands for a missing one. */
    public static String header(Delivery delivery, String header, String missing) {
        Map<String, Object> headers = delivery.getProperties().getHeaders();
        Object value = headers == null ? null : headers.get(header);
        return value == null ? missing : value.toString();
    }

    /** The deaths that a message tells of, newest first. */
    public static List<Map<?, ?>> deaths(Delivery delivery) {
        Map<String, Object> headers = delivery.getProperties().getHeaders();
        List<?> deaths = headers == null ? null : (List<?>) headers.get("x-death");
        return deaths == null ? List.of() : deaths.stream().<Map<?, ?>>map(death -> (Map<?, ?>) death).toList();
    }

    /** Queue, reason and count of each death. */
    public static String told(Delivery delivery) {
        return deaths(delivery).stream()
                .map(death -> death.get("queue") + " " + death.get("reason") + " " + death.get("count"))
                .toList()
                .toString();
    }

    /** Arguments of a queue whose dead letters go to another queue. */
    public static Map<String, Object> dyingTo(String dead, Map<String, Object> more) {
        Map<String, Object> arguments = new HashMap<>(more);
        arguments.put("x-dead-letter-exchange", "");
        arguments.put("x-dead-letter-routing-key", dead);
        return arguments;
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

    /** Has a call, with a channel of its own, end in a channel exception with this text in it. */
    public static void refused(Connection connection, int code, String text, ChannelCall call) throws Exception {
        Channel channel = connection.createChannel();
        CompletableFuture<ShutdownSignalException> shutdown = new CompletableFuture<>();
        channel.addShutdownListener(shutdown::complete);
        try {
            call.run(channel);
        } catch (IOException refused) {
            if (!(refused.getCause() instanceof ShutdownSignalException)) {
                throw refused;
            }
        }
        AMQP.Channel.Close close = close(await(shutdown));
        equal(close.getReplyCode(), code);
        contains(close.getReplyText(), text);
    }

    /** Sees that an exclusive queue with one such argument is refused with 406 and this text. */
    public static void refuseArgument(Connection connection, String argument, Object value, String detail)
            throws Exception {
        String queue = name("refused");
        String text = "PRECONDITION_FAILED - invalid arg '" + argument + "' for queue '" + queue + "' in vhost '/': ";
        refused(connection, 406, text + detail,
                channel -> channel.queueDeclare(queue, false, true, false, Map.of(argument, value)));
    }

    public static AMQP.Channel.Close close(ShutdownSignalException signal) {
        return (AMQP.Channel.Close) signal.getReason();
    }

    /** What the broker said when it closed the connection. */
    public static AMQP.Connection.Close lastWord(ShutdownSignalException signal) {
        return (AMQP.Connection.Close) signal.getReason();
    }

    /** How the connection ends, once it does. */
    public static CompletableFuture<ShutdownSignalException> closed(Connection connection) {
        CompletableFuture<ShutdownSignalException> closed = new CompletableFuture<>();
        connection.addShutdownListener(closed::complete);
        return closed;
    }

    /** Done once the library has brought the connection and all that was on it back. */
    public static CompletableFuture<Recoverable> recovered(Connection connection) {
        CompletableFuture<Recoverable> recovered = new CompletableFuture<>();
        ((Recoverable) connection).addRecoveryListener(new RecoveryListener() {
            @Override
            public void handleRecoveryStarted(Recoverable connection) {}

            @Override
            public void handleRecovery(Recoverable connection) {
                recovered.complete(connection);
            }
        });
        return recovered;
    }

    public static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE, TimeUnit.SECONDS);
    }

    /** Waits until a check holds. */
    public static void eventually(Check check) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
        while (!check.holds()) {
            equal(System.nanoTime() < deadline, true);
            Thread.sleep(20);
        }
    }

    /** Has the harness do something to the broker, or to this process (harness/control.py). */
    public static void control(String path) throws IOException {
        URI.create(System.getenv("CONFORMANCE_CONTROL") + path).toURL().openStream().close();
    }
}
