package scenarios;

import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.header;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.Date;
import java.util.Map;
import java.util.concurrent.BlockingQueue;

public final class EventExchange {
    private static final String EXCHANGE = "amq.rabbitmq.event";

    private EventExchange() {}

    /** The next event of a queue. */
    private static Delivery event(BlockingQueue<Delivery> events, String queue) throws Exception {
        Delivery event = next(events);
        while (!header(event, "name", "").equals(queue)) {
            event = next(events);
        }
        return event;
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = connection.createChannel();
            channel.exchangeDeclarePassive(EXCHANGE);
            String queue = exclusive(channel);
            channel.queueBind(queue, EXCHANGE, "queue.*");
            BlockingQueue<Delivery> events = consume(channel, queue, true);
            String watched = name("watched");
            channel.queueDeclare(watched, true, false, false, Map.of("x-max-length", 5));
            channel.queueDelete(watched);

            Delivery created = event(events, watched);
            equal(created.getEnvelope().getExchange(), EXCHANGE);
            equal(created.getEnvelope().getRoutingKey(), "queue.created");
            equal(created.getBody().length, 0);
            equal(created.getProperties().getDeliveryMode(), 2);
            equal(header(created, "vhost", ""), "/");
            equal(header(created, "durable", ""), "true");
            long seconds = Long.parseLong(header(created, "timestamp_in_ms", "")) / 1000;
            equal(created.getProperties().getTimestamp(), new Date(seconds * 1000));
            equal(event(events, watched).getEnvelope().getRoutingKey(), "queue.deleted");
        });
    }
}
