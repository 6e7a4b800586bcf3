package scenarios;

import static conformance.Support.declare;
import static conformance.Support.deaths;
import static conformance.Support.dyingTo;
import static conformance.Support.equal;
import static conformance.Support.eventually;
import static conformance.Support.next;
import static conformance.Support.ready;
import static conformance.Support.receive;
import static conformance.Support.scenario;
import static conformance.Support.silent;
import static conformance.Support.text;

import com.rabbitmq.client.Channel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.springframework.amqp.AmqpRejectAndDontRequeueException;
import org.springframework.amqp.core.AcknowledgeMode;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.listener.AbstractMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.DirectMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.api.ChannelAwareMessageListener;

public final class SpringListener {
    private SpringListener() {}

    private static final int CONSUMERS = 3;

    private static SimpleMessageListenerContainer simple(ConnectionFactory connections) {
        SimpleMessageListenerContainer container = new SimpleMessageListenerContainer(connections);
        container.setConcurrentConsumers(CONSUMERS);
        return container;
    }

    private static DirectMessageListenerContainer direct(ConnectionFactory connections) {
        DirectMessageListenerContainer container = new DirectMessageListenerContainer(connections);
        container.setConsumersPerQueue(CONSUMERS);
        return container;
    }

    private record Received(Message message, Channel channel) {
        void ack() throws IOException {
            channel.basicAck(message.getMessageProperties().getDeliveryTag(), false);
        }
    }

    private static void start(RabbitAdmin admin, AbstractMessageListenerContainer container, String queue)
            throws Exception {
        container.setQueueNames(queue);
        container.start();
        eventually(() -> admin.getQueueInfo(queue).getConsumerCount() == CONSUMERS);
    }

    private static void publish(RabbitAdmin admin, String queue, String... texts) {
        for (String text : texts) {
            admin.getRabbitTemplate().convertAndSend(queue, text);
        }
    }

    private static List<Received> take(BlockingQueue<Received> received, int count) throws Exception {
        List<Received> taken = new ArrayList<>();
        while (taken.size() < count) {
            taken.add(next(received));
        }
        silent(received);
        return taken;
    }

    /** Three consumers with a prefetch of two hold six messages; what is acknowledged makes room for more. */
    private static void manual(RabbitAdmin admin, AbstractMessageListenerContainer container) throws Exception {
        String queue = declare(admin, "manual", Map.of());
        BlockingQueue<Received> received = new LinkedBlockingQueue<>();
        container.setAcknowledgeMode(AcknowledgeMode.MANUAL);
        container.setPrefetchCount(2);
        container.setMessageListener((ChannelAwareMessageListener)
                (message, channel) -> received.add(new Received(message, channel)));
        start(admin, container, queue);
        publish(admin, queue, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

        List<Received> first = take(received, 6);
        equal(ready(admin, queue), 4L);
        for (Received task : first) {
            task.ack();
        }
        List<Received> last = take(received, 4);
        Stream<Received> all = Stream.concat(first.stream(), last.stream());
        equal(String.join("", all.map(task -> text(task.message)).sorted().toList()), "0123456789");

        container.stop();
        eventually(() -> ready(admin, queue) == 4);
        admin.deleteQueue(queue);
    }

    /** Acknowledged when the listener returns; what it throws requeues the message, or drops it. */
    private static void automatic(RabbitAdmin admin, AbstractMessageListenerContainer container) throws Exception {
        String dead = declare(admin, "dead", Map.of());
        String queue = declare(admin, "automatic", dyingTo(dead));
        BlockingQueue<String> handled = new LinkedBlockingQueue<>();
        container.setAcknowledgeMode(AcknowledgeMode.AUTO);
        container.setMessageListener(message -> {
            String text = text(message);
            if (text.equals("poison")) {
                throw new AmqpRejectAndDontRequeueException("never");
            }
            if (text.equals("flaky") && !message.getMessageProperties().isRedelivered()) {
                throw new IllegalStateException("not now");
            }
            handled.add(text);
        });
        start(admin, container, queue);
        publish(admin, queue, "poison", "flaky");

        equal(next(handled), "flaky");
        equal(deaths(receive(admin.getRabbitTemplate(), dead, "poison")), List.of(queue + " rejected 1"));
        container.stop();
        equal(ready(admin, queue), 0L);
        admin.deleteQueue(queue);
        admin.deleteQueue(dead);
    }

    /** All that is thrown is rejected without requeue. */
    private static void rejecting(RabbitAdmin admin, AbstractMessageListenerContainer container) throws Exception {
        String dead = declare(admin, "dead", Map.of());
        String queue = declare(admin, "rejecting", dyingTo(dead));
        container.setDefaultRequeueRejected(false);
        container.setMessageListener(message -> {
            throw new IllegalStateException("never");
        });
        start(admin, container, queue);
        publish(admin, queue, "poison");

        equal(deaths(receive(admin.getRabbitTemplate(), dead, "poison")), List.of(queue + " rejected 1"));
        container.stop();
        admin.deleteQueue(queue);
        admin.deleteQueue(dead);
    }

    /** Acknowledged when they are delivered: what the listener throws loses the message. */
    private static void none(RabbitAdmin admin, AbstractMessageListenerContainer container) throws Exception {
        String queue = declare(admin, "none", Map.of());
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        container.setAcknowledgeMode(AcknowledgeMode.NONE);
        container.setMessageListener(message -> {
            seen.add(text(message));
            throw new IllegalStateException("lost");
        });
        start(admin, container, queue);
        publish(admin, queue, "once");

        equal(next(seen), "once");
        silent(seen);
        container.stop();
        equal(ready(admin, queue), 0L);
        admin.deleteQueue(queue);
    }

    private interface Part {
        void run(RabbitAdmin admin, AbstractMessageListenerContainer container) throws Exception;
    }

    public static void main(String[] arguments) {
        scenario(connections -> {
            RabbitAdmin admin = new RabbitAdmin(connections);
            List<Part> parts = List.of(
                    SpringListener::manual, SpringListener::automatic, SpringListener::rejecting, SpringListener::none);
            for (Part part : parts) {
                part.run(admin, simple(connections));
                part.run(admin, direct(connections));
            }
        });
    }
}
