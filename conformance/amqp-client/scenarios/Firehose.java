package scenarios;

import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.header;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.scenario;
import static conformance.Support.tag;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;

public final class Firehose {
    private static final String EXCHANGE = "amq.rabbitmq.trace";

    private Firehose() {}

    /** The next trace, which has this key and body. */
    private static Delivery trace(BlockingQueue<Delivery> traces, String key, String text) throws Exception {
        Delivery trace = next(traces, text);
        equal(trace.getEnvelope().getExchange(), EXCHANGE);
        equal(trace.getEnvelope().getRoutingKey(), key);
        return trace;
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = connection.createChannel();
            channel.exchangeDeclarePassive(EXCHANGE);
            String queue = exclusive(channel);
            channel.queueBind(queue, EXCHANGE, "#");
            BlockingQueue<Delivery> traces = consume(channel, queue, true);

            String exchange = name("traced");
            String traced = name("queue");
            Channel other = connection.createChannel();
            other.exchangeDeclare(exchange, "direct", false, true, null);
            other.queueDeclare(traced, false, true, false, null);
            other.queueBind(traced, exchange, "hidden");
            Map<String, Object> headers = Map.of("CC", List.of("copied"), "BCC", List.of("hidden"), "n", 5);
            AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                    .contentType("text/plain").deliveryMode(2).headers(headers).build();
            other.basicPublish(exchange, "key", properties, "traced".getBytes());
            other.basicNack(tag(next(consume(other, traced, false))), false, true);

            Delivery published = trace(traces, "publish." + exchange, "traced");
            Delivery first = trace(traces, "deliver." + traced, "traced");
            Delivery second = trace(traces, "deliver." + traced, "traced");
            for (Delivery trace : List.of(published, first, second)) {
                equal(header(trace, "exchange_name", ""), exchange);
                equal(header(trace, "routing_keys", ""), "[key, copied, hidden]");
                Map<?, ?> told = (Map<?, ?>) trace.getProperties().getHeaders().get("properties");
                equal(told.size(), 3);
                equal(told.get("content_type").toString(), "text/plain");
                equal(told.get("delivery_mode"), 2);
                Map<?, ?> kept = (Map<?, ?>) told.get("headers");
                equal(kept.get("CC").toString(), "[copied]");
                equal(kept.get("n"), 5);
                equal(kept.size(), 2);
                equal(header(trace, "vhost", ""), "/");
                equal(header(trace, "user", ""), "guest");
                equal(header(trace, "channel", ""), "" + other.getChannelNumber());
                equal(header(trace, "connection", "").isEmpty(), false);
                equal(header(trace, "node", "").contains("@"), true);
            }
            equal(header(published, "routed_queues", ""), "[" + traced + "]");
            equal(header(published, "redelivered", "none"), "none");
            equal(header(first, "redelivered", ""), "0");
            equal(header(second, "redelivered", ""), "1");

            publish(other, "", "nowhere", "unrouted");
            trace(traces, "publish.", "unrouted");
        });
    }
}
