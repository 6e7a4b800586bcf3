package scenarios;

import static conformance.Support.connect;
import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.header;
import static conformance.Support.next;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.util.concurrent.BlockingQueue;

public final class LogExchange {
    private static final String EXCHANGE = "amq.rabbitmq.log";
    private static final String LOGIN = "user 'guest' authenticated and granted access to vhost '/'";
    private static final String LINE =
            "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{6}\\+00:00 \\[info\\] <[^>]+> .*\n";

    private LogExchange() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = connection.createChannel();
            channel.exchangeDeclare(EXCHANGE, "topic", true, false, true, null);
            String queue = exclusive(channel);
            channel.queueBind(queue, EXCHANGE, "info");
            BlockingQueue<Delivery> lines = consume(channel, queue, true);

            Connection second = connect();
            Delivery line = next(lines);
            while (!new String(line.getBody()).contains(LOGIN)) {
                line = next(lines);
            }
            second.close();
            equal(line.getEnvelope().getExchange(), EXCHANGE);
            equal(line.getEnvelope().getRoutingKey(), "info");
            String text = new String(line.getBody());
            if (!text.matches(LINE)) {
                throw new AssertionError("no line: " + text);
            }
            equal(line.getProperties().getContentType(), "text/plain");
            equal(line.getProperties().getTimestamp() != null, true);
            equal(header(line, "node", "").contains("@"), true);
        });
    }
}
