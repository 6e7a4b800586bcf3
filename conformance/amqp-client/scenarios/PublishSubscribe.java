package scenarios;

import static conformance.Support.bodies;
import static conformance.Support.connect;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.publish;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.util.List;

public final class PublishSubscribe {
    private PublishSubscribe() {}

    private static final String EXCHANGE = name("logs");

    private static final class Subscriber {
        final Connection connection;
        final Channel channel;
        final String queue;

        Subscriber() throws Exception {
            connection = connect();
            channel = connection.createChannel();
            channel.exchangeDeclare(EXCHANGE, BuiltinExchangeType.FANOUT);
            queue = exclusive(channel);
            equal(queue.startsWith("amq.gen-"), true);
            channel.queueBind(queue, EXCHANGE, "");
        }
    }

    public static void main(String[] arguments) {
        scenario(publisher -> {
            Channel channel = publisher.createChannel();
            channel.exchangeDeclare(EXCHANGE, BuiltinExchangeType.FANOUT);
            publish(channel, EXCHANGE, "", "nobody listens");

            List<Subscriber> subscribers = List.of(new Subscriber(), new Subscriber());
            publish(channel, EXCHANGE, "ignored", "info: one");
            publish(channel, EXCHANGE, "ignored", "info: two");
            for (Subscriber subscriber : subscribers) {
                List<String> came = bodies(subscriber.channel, subscriber.queue, 2);
                equal(came, List.of("info: one", "info: two"));
            }

            String queue = subscribers.get(0).queue;
            refused(405, () -> publisher.createChannel().queueDeclarePassive(queue));
            for (Subscriber subscriber : subscribers) {
                subscriber.connection.close();
            }
            refused(404, () -> publisher.createChannel().queueDeclarePassive(queue));
            channel.exchangeDelete(EXCHANGE);
        });
    }
}
