package scenarios;

import static conformance.Support.deaths;
import static conformance.Support.declare;
import static conformance.Support.dyingTo;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.ready;
import static conformance.Support.receive;
import static conformance.Support.scenario;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.springframework.amqp.AmqpRejectAndDontRequeueException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageListener;
import org.springframework.amqp.rabbit.config.RetryInterceptorBuilder;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory.ConfirmType;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.amqp.rabbit.retry.MessageRecoverer;
import org.springframework.amqp.rabbit.retry.RejectAndDontRequeueRecoverer;
import org.springframework.amqp.rabbit.retry.RepublishMessageRecoverer;
import org.springframework.amqp.rabbit.retry.RepublishMessageRecovererWithConfirms;

public final class SpringRetries {
    private SpringRetries() {}

    private static SimpleMessageListenerContainer listen(RabbitAdmin admin, String queue, MessageListener listener) {
        SimpleMessageListenerContainer container =
                new SimpleMessageListenerContainer(admin.getRabbitTemplate().getConnectionFactory());
        container.setQueueNames(queue);
        container.setMessageListener(listener);
        return container;
    }

    /** A listener that fails is called three times for one delivery, then the recoverer is asked. */
    private static void failThrice(RabbitAdmin admin, String queue, MessageRecoverer recoverer) throws Exception {
        BlockingQueue<Boolean> redelivered = new LinkedBlockingQueue<>();
        SimpleMessageListenerContainer container = listen(admin, queue, message -> {
            redelivered.add(message.getMessageProperties().isRedelivered());
            throw new IllegalStateException("never");
        });
        container.setAdviceChain(RetryInterceptorBuilder.stateless()
                .maxRetries(2).backOffOptions(10, 2.0, 100).recoverer(recoverer).build());
        container.start();
        admin.getRabbitTemplate().convertAndSend(queue, "job");
        for (int attempt = 0; attempt < 3; attempt++) {
            equal(next(redelivered), false);
        }
        container.stop();
        equal(redelivered.isEmpty(), true);
        equal(ready(admin, queue), 0L);
    }

    private static void rejected(RabbitAdmin admin, RabbitTemplate template) throws Exception {
        String dead = declare(admin, "dead", Map.of());
        String queue = declare(admin, "rejected", dyingTo(dead));
        failThrice(admin, queue, new RejectAndDontRequeueRecoverer());
        equal(deaths(receive(template, dead, "job")), List.of(queue + " rejected 1"));
    }

    private static void republished(RabbitAdmin admin, RabbitTemplate template) throws Exception {
        String failed = declare(admin, "failed", Map.of());
        String queue = declare(admin, "republished", Map.of());
        failThrice(admin, queue,
                new RepublishMessageRecovererWithConfirms(template, "", failed, ConfirmType.CORRELATED));
        Map<String, Object> headers = receive(template, failed, "job").getMessageProperties().getHeaders();
        equal(headers.get(RepublishMessageRecoverer.X_EXCEPTION_MESSAGE), "never");
        equal(headers.get(RepublishMessageRecoverer.X_ORIGINAL_EXCHANGE), "");
        equal(headers.get(RepublishMessageRecoverer.X_ORIGINAL_ROUTING_KEY), queue);
    }

    /** How often a message was rejected, as x-death counts. */
    private static long attempts(Message message) {
        List<Map<String, ?>> deaths = message.getMessageProperties().getXDeathHeader();
        return deaths == null
                ? 0
                : deaths.stream()
                        .filter(death -> "rejected".equals(death.get("reason")))
                        .mapToLong(death -> (Long) death.get("count"))
                        .sum();
    }

    /** A rejected message comes back through a queue where it waits for its TTL; after three it is parked. */
    private static void counted(RabbitAdmin admin, RabbitTemplate template) throws Exception {
        String work = declare(admin, "work", dyingTo(name("wait")));
        Map<String, Object> back = new HashMap<>(dyingTo(work));
        back.put("x-message-ttl", 50);
        String wait = declare(admin, "wait", back);
        String parked = declare(admin, "parked", Map.of());
        BlockingQueue<List<String>> told = new LinkedBlockingQueue<>();
        SimpleMessageListenerContainer container = listen(admin, work, message -> {
            told.add(deaths(message));
            if (attempts(message) < 3) {
                throw new AmqpRejectAndDontRequeueException("not now");
            }
            template.send(parked, message);
        });
        container.start();
        template.convertAndSend(work, "job");

        receive(template, parked, "job");
        equal(next(told), List.of());
        for (int attempt = 1; attempt <= 3; attempt++) {
            equal(next(told), List.of(wait + " expired " + attempt, work + " rejected " + attempt));
        }
        container.stop();
        equal(ready(admin, work) + ready(admin, wait), 0L);
    }

    public static void main(String[] arguments) {
        scenario(connections -> {
            RabbitAdmin admin = new RabbitAdmin(connections);
            RabbitTemplate template = admin.getRabbitTemplate();
            rejected(admin, template);
            republished(admin, template);
            counted(admin, template);
        });
    }
}
