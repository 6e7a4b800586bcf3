package scenarios;

import static conformance.Support.bodies;
import static conformance.Support.connect;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.util.List;

public final class HelloWorld {
    private HelloWorld() {}

    public static void main(String[] arguments) {
        scenario(receiver -> {
            String queue = name("hello");
            try (Connection sender = connect()) {
                Channel channel = sender.createChannel();
                channel.queueDeclare(queue, false, false, false, null);
                publish(channel, "", queue, "Hello World!");
            }

            Channel channel = receiver.createChannel();
            channel.queueDeclare(queue, false, false, false, null);
            equal(bodies(channel, queue, 1), List.of("Hello World!"));
            channel.queueDelete(queue);
        });
    }
}
