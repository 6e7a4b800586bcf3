package scenarios;

import static conformance.Support.consume;
import static conformance.Support.deaths;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.receive;
import static conformance.Support.scenario;
import static conformance.Support.told;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.util.Map;
import java.util.concurrent.BlockingQueue;

public final class DeadLetters {
    private DeadLetters() {}

    private static void declare(Channel channel, String queue, Map<String, Object> arguments) throws Exception {
        channel.queueDeclare(queue, false, true, false, arguments);
    }

    private static void letters(Connection connection) throws Exception {
        Channel channel = connection.createChannel();
        String exchange = name("dlx");
        String dead = name("dead");
        String dying = name("dying");
        channel.exchangeDeclare(exchange, "topic", false, true, null);
        declare(channel, dead, Map.of());
        channel.queueBind(dead, exchange, "#");
        declare(channel, dying, Map.of("x-dead-letter-exchange", exchange));

        AMQP.BasicProperties mortal =
                new AMQP.BasicProperties.Builder().expiration("50").deliveryMode(2).headers(Map.of("n", 1)).build();
        channel.basicPublish("", dying, mortal, "expires".getBytes());
        Delivery expired = receive(channel, dead, 1).get(0);
        equal(expired.getEnvelope().getExchange(), exchange);
        equal(expired.getEnvelope().getRoutingKey(), dying);
        equal(expired.getProperties().getExpiration(), null);
        equal(expired.getProperties().getDeliveryMode(), 2);
        equal(expired.getProperties().getHeaders().get("n"), 1);
        equal(told(expired), "[" + dying + " expired 1]");
        equal(deaths(expired).get(0).get("original-expiration").toString(), "50");

        publish(channel, "", dying, "rejected");
        Delivery delivery = next(consume(channel, dying, false));
        channel.basicReject(delivery.getEnvelope().getDeliveryTag(), false);
        Delivery rejected = receive(channel, dead, 1).get(0);
        equal(told(rejected), "[" + dying + " rejected 1]");
        equal(rejected.getProperties().getHeaders().get("x-first-death-queue").toString(), dying);
    }

    private static void attempts(Connection connection) throws Exception {
        Channel channel = connection.createChannel();
        String work = name("work");
        String wait = name("wait");
        declare(channel, work, Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", wait));
        Map<String, Object> back =
                Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", work, "x-message-ttl", 50);
        declare(channel, wait, back);
        publish(channel, "", work, "job");
        BlockingQueue<Delivery> jobs = consume(channel, work, false);
        for (int attempt = 0; attempt < 4; attempt++) {
            Delivery job = next(jobs);
            String expected = "[" + wait + " expired " + attempt + ", " + work + " rejected " + attempt + "]";
            equal(told(job), attempt == 0 ? "[]" : expected);
            channel.basicReject(job.getEnvelope().getDeliveryTag(), false);
        }
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            letters(connection);
            attempts(connection);
        });
    }
}
