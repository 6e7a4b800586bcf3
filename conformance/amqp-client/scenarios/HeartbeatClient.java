package scenarios;

import static conformance.Support.await;
import static conformance.Support.closed;
import static conformance.Support.consume;
import static conformance.Support.control;
import static conformance.Support.equal;
import static conformance.Support.factory;
import static conformance.Support.get;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import java.util.concurrent.CompletableFuture;

public final class HeartbeatClient {
    private HeartbeatClient() {}

    public static void main(String[] arguments) {
        scenario(other -> {
            ConnectionFactory factory = factory();
            factory.setRequestedHeartbeat(1);
            // A consumer that came back by itself would take the message again.
            factory.setAutomaticRecoveryEnabled(false);
            Connection connection = factory.newConnection();
            CompletableFuture<ShutdownSignalException> closed = closed(connection);
            String queue = name("held");
            Channel channel = connection.createChannel();
            channel.queueDeclare(queue, false, false, false, null);
            publish(channel, "", queue, "held");
            next(consume(channel, queue, false), "held");

            control("/client/freeze?seconds=5");

            Channel heir = other.createChannel();
            equal(get(heir, queue, "held").getEnvelope().isRedeliver(), true);
            equal(await(closed).isInitiatedByApplication(), false);
            equal(connection.isOpen(), false);
            heir.queueDelete(queue);
        });
    }
}
