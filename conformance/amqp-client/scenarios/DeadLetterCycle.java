package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.put;
import static conformance.Support.receive;
import static conformance.Support.scenario;
import static conformance.Support.told;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.Map;

public final class DeadLetterCycle {
    private DeadLetterCycle() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String exchange = name("dlx");
            String circle = name("circle");
            String witness = exclusive(channel);
            channel.exchangeDeclare(exchange, "fanout", false, true, null);
            channel.queueDeclare(circle, false, true, false,
                    Map.of("x-message-ttl", 150, "x-dead-letter-exchange", exchange));
            channel.queueBind(circle, exchange, "");
            channel.queueBind(witness, exchange, "");

            // Were the first let in again, it would have died again before the second.
            for (String text : List.of("first", "second")) {
                put(channel, circle, null, text);
                Delivery message = receive(channel, witness, 1).get(0);
                equal(new String(message.getBody()), text);
                equal(told(message), "[" + circle + " expired 1]");
            }
            equal(drained(channel, circle), List.of());
            equal(drained(channel, witness), List.of());
        });
    }
}
