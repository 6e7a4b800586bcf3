package scenarios;

import static conformance.Support.PATIENCE;
import static conformance.Support.control;
import static conformance.Support.equal;
import static conformance.Support.eventually;
import static conformance.Support.name;
import static conformance.Support.receive;
import static conformance.Support.scenario;

import conformance.Support;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import org.springframework.amqp.core.AnonymousQueue;
import org.springframework.amqp.core.BindingBuilder;
import org.springframework.amqp.core.Declarables;
import org.springframework.amqp.core.DirectExchange;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.amqp.core.QueueInformation;
import org.springframework.amqp.rabbit.annotation.EnableRabbit;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.config.DirectRabbitListenerContainerFactory;
import org.springframework.amqp.rabbit.config.SimpleRabbitListenerContainerFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory.ConfirmType;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

public final class SpringAdmin {
    private SpringAdmin() {}

    /** An application with listeners on a durable, a transient and an exclusive queue. */
    @Configuration
    @EnableRabbit
    public static class Application {
        /** Each text once: what was not acknowledged before the broker died comes again. */
        private final Set<String> received = new ConcurrentSkipListSet<>();

        @Bean
        CachingConnectionFactory connections() {
            return Support.connections(ConfirmType.CORRELATED);
        }

        @Bean
        RabbitAdmin admin(ConnectionFactory connections) {
            return new RabbitAdmin(connections);
        }

        @Bean
        RabbitTemplate template(ConnectionFactory connections) {
            return new RabbitTemplate(connections);
        }

        @Bean
        SimpleRabbitListenerContainerFactory simple(ConnectionFactory connections) {
            SimpleRabbitListenerContainerFactory factory = new SimpleRabbitListenerContainerFactory();
            factory.setConnectionFactory(connections);
            factory.setRecoveryInterval(200L);
            return factory;
        }

        @Bean
        DirectRabbitListenerContainerFactory direct(ConnectionFactory connections) {
            DirectRabbitListenerContainerFactory factory = new DirectRabbitListenerContainerFactory();
            factory.setConnectionFactory(connections);
            factory.setRecoveryInterval(200L);
            factory.setMonitorInterval(200);
            factory.setFailedDeclarationRetryInterval(200L);
            return factory;
        }

        @Bean
        Queue stored() {
            return QueueBuilder.durable(name("stored")).build();
        }

        @Bean
        Queue durable() {
            return QueueBuilder.durable(name("durable")).build();
        }

        @Bean
        Queue fleeting() {
            return QueueBuilder.nonDurable(name("fleeting")).build();
        }

        @Bean
        Queue anonymous() {
            return new AnonymousQueue();
        }

        @Bean
        DirectExchange exchange() {
            return new DirectExchange(name("exchange"), false, false);
        }

        @Bean
        Declarables bindings() {
            return new Declarables(
                    BindingBuilder.bind(stored()).to(exchange()).with("stored"),
                    BindingBuilder.bind(durable()).to(exchange()).with("durable"),
                    BindingBuilder.bind(fleeting()).to(exchange()).with("fleeting"),
                    BindingBuilder.bind(anonymous()).to(exchange()).with("anonymous"));
        }

        @RabbitListener(queues = "#{durable.name}", containerFactory = "simple")
        void listenDurable(String text) {
            received.add("durable " + text);
        }

        @RabbitListener(queues = "#{fleeting.name}", containerFactory = "direct")
        void listenFleeting(String text) {
            received.add("fleeting " + text);
        }

        @RabbitListener(queues = "#{anonymous.name}", containerFactory = "simple")
        void listenAnonymous(String text) {
            received.add("anonymous " + text);
        }

        List<Queue> listened() {
            return List.of(durable(), fleeting(), anonymous());
        }
    }

    private static boolean isConsumed(RabbitAdmin admin, Queue queue) {
        QueueInformation found = admin.getQueueInfo(queue.getName());
        return found != null && found.getConsumerCount() == 1;
    }

    /** Sees that each listener gets what is published for it. */
    private static void reachListeners(AnnotationConfigApplicationContext context, String text) throws Exception {
        Application application = context.getBean(Application.class);
        RabbitAdmin admin = context.getBean(RabbitAdmin.class);
        eventually(() -> application.listened().stream().allMatch(queue -> isConsumed(admin, queue)));
        for (String key : List.of("durable", "fleeting", "anonymous")) {
            context.getBean(RabbitTemplate.class).convertAndSend(name("exchange"), key, text);
        }
        List<String> expected = List.of("durable " + text, "fleeting " + text, "anonymous " + text);
        eventually(() -> application.received.containsAll(expected));
    }

    public static void main(String[] arguments) {
        scenario(connections -> {
            AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext(Application.class);
            RabbitTemplate template = context.getBean(RabbitTemplate.class);
            reachListeners(context, "before");
            CorrelationData confirmed = new CorrelationData();
            template.convertAndSend(name("exchange"), "stored", "kept", confirmed);
            equal(confirmed.getFuture().get(PATIENCE, TimeUnit.SECONDS).ack(), true);

            control("/broker/kill");
            control("/broker/start");

            reachListeners(context, "after");
            receive(template, name("stored"), "kept");
            template.convertAndSend(name("exchange"), "stored", "bound again");
            receive(template, name("stored"), "bound again");
            context.close();
            RabbitAdmin admin = new RabbitAdmin(connections);
            for (String queue : List.of("stored", "durable", "fleeting")) {
                equal(admin.deleteQueue(name(queue)), true);
            }
            equal(admin.deleteExchange(name("exchange")), true);
        });
    }
}
