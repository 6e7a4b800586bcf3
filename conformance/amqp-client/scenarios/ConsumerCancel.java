package scenarios;

import static conformance.Support.await;
import static conformance.Support.bodies;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

public final class ConsumerCancel {
    private ConsumerCancel() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            String queue = name("doomed");
            Channel channel = connection.createChannel();
            channel.queueDeclare(queue, false, false, false, null);
            BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
            CompletableFuture<String> cancelled = new CompletableFuture<>();
            String tag = channel.basicConsume(
                    queue, true, (consumer, delivery) -> deliveries.add(delivery), cancelled::complete);
            publish(channel, "", queue, "before");
            next(deliveries, "before");

            connection.createChannel().queueDelete(queue);

            equal(await(cancelled), tag);
            equal(channel.isOpen(), true);
            String other = exclusive(channel);
            publish(channel, "", other, "after");
            equal(bodies(channel, other, 1), List.of("after"));
        });
    }
}
