package scenarios;

import static conformance.Support.accepted;
import static conformance.Support.confirming;
import static conformance.Support.consume;
import static conformance.Support.drained;
import static conformance.Support.dyingTo;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.put;
import static conformance.Support.receive;
import static conformance.Support.refuseArgument;
import static conformance.Support.scenario;
import static conformance.Support.tag;
import static conformance.Support.texts;
import static conformance.Support.told;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;

public final class Overflow {
    private Overflow() {}

    private static String declare(Channel channel, String dead, Map<String, Object> limits) throws Exception {
        return channel.queueDeclare("", false, true, false, dyingTo(dead, limits)).getQueue();
    }

    /** Checks which messages left the queue for want of room, and which it still holds. */
    private static void expect(Channel channel, String dead, String queue, List<String> died, List<String> kept)
            throws Exception {
        List<Delivery> messages = receive(channel, dead, died.size());
        equal(texts(messages), died);
        for (Delivery message : messages) {
            equal(told(message), "[" + queue + " maxlen 1]");
        }
        equal(drained(channel, queue), kept);
    }

    private static String refusing(Channel channel, String dead, String overflow) throws Exception {
        String queue = declare(channel, dead, Map.of("x-max-length", 1, "x-overflow", overflow));
        equal(accepted(channel, "", queue, null, "1"), true);
        equal(accepted(channel, "", queue, null, "2"), false);
        equal(accepted(channel, "", queue, null, "3"), false);
        return queue;
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String dead = name("dead");
            channel.queueDeclare(dead, false, true, false, null);

            String ring = declare(channel, dead, Map.of("x-max-length", 2));
            put(channel, ring, null, "1", "2", "3", "4");
            expect(channel, dead, ring, List.of("1", "2"), List.of("3", "4"));
            String small = declare(channel, dead, Map.of("x-max-length-bytes", 8));
            put(channel, small, null, "first", "four", "4444");
            expect(channel, dead, small, List.of("first"), List.of("four", "4444"));

            String returned = declare(channel, dead, Map.of("x-max-length", 1));
            channel.basicQos(1);
            BlockingQueue<Delivery> deliveries = consume(channel, returned, false);
            put(channel, returned, null, "1", "2");
            channel.basicNack(tag(next(deliveries, "1")), false, true);
            next(deliveries, "2");
            expect(channel, dead, returned, List.of("1"), List.of());

            String refusing = refusing(channel, dead, "reject-publish");
            expect(channel, dead, refusing, List.of(), List.of("1"));
            equal(drained(channel, dead), List.of());
            String burying = refusing(channel, dead, "reject-publish-dlx");
            expect(channel, dead, burying, List.of("2", "3"), List.of("1"));

            refuseArgument(connection, "x-overflow", "reject", "invalid_overflow");
            refuseArgument(connection, "x-max-length", -1, "{value_negative,-1}");
        });
    }
}
