package scenarios;

import static conformance.Support.await;
import static conformance.Support.closed;
import static conformance.Support.confirming;
import static conformance.Support.contains;
import static conformance.Support.control;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.lastWord;
import static conformance.Support.name;
import static conformance.Support.put;
import static conformance.Support.recovered;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.Recoverable;
import com.rabbitmq.client.ShutdownSignalException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The library reconnects by itself. */
public final class Shutdown {
    private Shutdown() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            String queue = name("durable");
            Channel channel = confirming(connection);
            channel.queueDeclare(queue, true, false, false, null);
            put(channel, queue, MessageProperties.PERSISTENT_TEXT_PLAIN, "1", "2");
            CompletableFuture<ShutdownSignalException> closed = closed(connection);
            CompletableFuture<Recoverable> recovered = recovered(connection);

            control("/broker/stop");

            AMQP.Connection.Close close = lastWord(await(closed));
            equal(close.getReplyCode(), AMQP.CONNECTION_FORCED);
            contains(close.getReplyText(), "CONNECTION_FORCED");
            control("/broker/start");
            await(recovered);
            equal(drained(channel, queue), List.of("1", "2"));
            channel.queueDelete(queue);
        });
    }
}
