package scenarios;

import static conformance.Support.PATIENCE;
import static conformance.Support.connections;
import static conformance.Support.declare;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.ready;
import static conformance.Support.receive;
import static conformance.Support.scenario;
import static conformance.Support.text;

import com.rabbitmq.client.AMQP;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.core.ReturnedMessage;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory.ConfirmType;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.connection.ShutDownChannelListener;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.adapter.MessageListenerAdapter;
import org.springframework.amqp.rabbit.listener.adapter.ReplyingMessageListener;

public final class SpringTemplate {
    private SpringTemplate() {}

    /** A message with properties, received by basic.get and by a consumer that waits for it. */
    private static void conversion(RabbitAdmin admin, RabbitTemplate template) {
        String queue = declare(admin, "converted", Map.of());
        equal(template.receiveAndConvert(queue), null);
        for (int number = 0; number < 2; number++) {
            template.convertAndSend(queue, "text", message -> {
                message.getMessageProperties().setMessageId("m-1");
                message.getMessageProperties().setPriority(3);
                message.getMessageProperties().setHeader("n", 1);
                return message;
            });
        }
        equal(template.receiveAndConvert(queue, PATIENCE * 1000), "text");
        MessageProperties properties = receive(template, queue, "text").getMessageProperties();
        equal(List.of(properties.getMessageId(), properties.getPriority()), List.of("m-1", 3));
        equal(properties.getHeaders(), Map.of("n", 1));
        equal(properties.getReceivedDeliveryMode(), MessageDeliveryMode.PERSISTENT);
        equal(properties.getReceivedRoutingKey(), queue);
    }

    /** Calls from several threads; the template listens for replies on amq.rabbitmq.reply-to. */
    private static void calls(RabbitAdmin admin, RabbitTemplate template) {
        String queue = declare(admin, "calls", Map.of());
        Queue<String> replyTo = new ConcurrentLinkedQueue<>();
        SimpleMessageListenerContainer server = new SimpleMessageListenerContainer(template.getConnectionFactory());
        server.setQueueNames(queue);
        ReplyingMessageListener<String, String> answer = String::toUpperCase;
        server.setMessageListener(new MessageListenerAdapter(answer));
        server.setAfterReceivePostProcessors(request -> {
            replyTo.add(request.getMessageProperties().getReplyTo());
            return request;
        });
        server.start();

        List<String> replies = IntStream.range(0, 20).parallel()
                .mapToObj(number -> (String) template.convertSendAndReceive(queue, "call " + number))
                .toList();

        equal(replies, IntStream.range(0, 20).mapToObj(number -> "CALL " + number).toList());
        equal(replyTo.size(), 20);
        equal(replyTo.stream().allMatch(address -> address.startsWith("amq.rabbitmq.reply-to.")), true);
        server.stop();
    }

    private static CorrelationData.Confirm confirm(CorrelationData published) throws Exception {
        return published.getFuture().get(PATIENCE, TimeUnit.SECONDS);
    }

    private static CorrelationData publish(RabbitTemplate template, String exchange, String key, String text) {
        CorrelationData published = new CorrelationData();
        template.convertAndSend(exchange, key, text, published);
        return published;
    }

    private static void correlatedConfirms(RabbitAdmin admin, RabbitTemplate template) throws Exception {
        String queue = declare(admin, "full", Map.of("x-max-length", 1, "x-overflow", "reject-publish"));
        equal(confirm(publish(template, "", queue, "fits")).ack(), true);
        equal(confirm(publish(template, "", queue, "does not fit")).ack(), false);

        CorrelationData unroutable = publish(template, "", name("nowhere"), "come back");
        equal(confirm(unroutable).ack(), true);
        ReturnedMessage returned = unroutable.getReturned();
        equal(List.of(returned.getReplyCode(), returned.getReplyText()), List.of(312, "NO_ROUTE"));
        equal(returned.getRoutingKey(), name("nowhere"));
        equal(text(returned.getMessage()), "come back");

        equal(ready(admin, queue), 1L);
    }

    /** Publishes to an exchange that does not exist: the channel is closed, and what it had out is lost. */
    private static void lostChannel(CachingConnectionFactory connections, RabbitTemplate template) throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        connections.addChannelListener((ShutDownChannelListener) signal -> {
            // Channels that the template is done with are closed meanwhile.
            if (signal.getReason() instanceof AMQP.Channel.Close close && close.getReplyCode() != AMQP.REPLY_SUCCESS) {
                told.add(close.getReplyText());
            }
        });
        equal(confirm(publish(template, name("missing"), "", "lost")).ack(), false);
        equal(next(told), "NOT_FOUND - no exchange '" + name("missing") + "' in vhost '/'");
    }

    /** A dedicated channel, and all that was published on it awaited at once. */
    private static void simpleConfirms() {
        CachingConnectionFactory connections = connections(ConfirmType.SIMPLE);
        RabbitAdmin admin = new RabbitAdmin(connections);
        String queue = declare(admin, "batch", Map.of());
        new RabbitTemplate(connections).invoke(operations -> {
            for (int number = 0; number < 100; number++) {
                operations.convertAndSend(queue, "batch " + number);
            }
            operations.waitForConfirmsOrDie(PATIENCE * 1000);
            return null;
        });
        equal(ready(admin, queue), 100L);
        connections.destroy();
    }

    public static void main(String[] arguments) {
        scenario(connections -> {
            RabbitAdmin admin = new RabbitAdmin(connections);
            RabbitTemplate template = new RabbitTemplate(connections);
            template.setReplyTimeout(PATIENCE * 1000);
            template.setMandatory(true);
            conversion(admin, template);
            calls(admin, template);
            correlatedConfirms(admin, template);
            lostChannel(connections, template);
            simpleConfirms();
        });
    }
}
