package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.consume;
import static conformance.Support.dyingTo;
import static conformance.Support.equal;
import static conformance.Support.header;
import static conformance.Support.headers;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.put;
import static conformance.Support.receive;
import static conformance.Support.scenario;
import static conformance.Support.tag;
import static conformance.Support.told;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.Map;

public final class DeathHistory {
    private DeathHistory() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String first = name("first");
            String second = name("second");
            String last = name("last");
            channel.queueDeclare(first, false, true, false, dyingTo(second, Map.of()));
            channel.queueDeclare(second, false, true, false, dyingTo(last, Map.of("x-message-ttl", 100)));
            channel.queueDeclare(last, false, true, false, null);

            Map<String, Object> claimed = Map.of("count", 7, "reason", "rejected", "queue", first, "exchange", "");
            AMQP.BasicProperties claiming =
                    headers(Map.of("x-death", List.of(claimed), "x-first-death-queue", "claimed", "mine", 1));
            put(channel, first, claiming, "dies twice");
            channel.basicReject(tag(next(consume(channel, first, false), "dies twice")), false);

            Delivery message = receive(channel, last, 1).get(0);
            equal(new String(message.getBody()), "dies twice");
            equal(told(message), "[" + second + " expired 1, " + first + " rejected 1]");
            equal(header(message, "x-first-death-queue", ""), first);
            equal(header(message, "x-first-death-reason", ""), "rejected");
            equal(header(message, "x-last-death-queue", ""), second);
            equal(header(message, "x-last-death-reason", ""), "expired");
            equal(header(message, "x-last-death-exchange", "none"), "");
            equal(header(message, "mine", ""), "1");
        });
    }
}
