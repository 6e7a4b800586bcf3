package scenarios;

import static conformance.Support.await;
import static conformance.Support.closed;
import static conformance.Support.control;
import static conformance.Support.equal;
import static conformance.Support.factory;
import static conformance.Support.recovered;
import static conformance.Support.scenario;

import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.MissedHeartbeatException;
import com.rabbitmq.client.Recoverable;
import com.rabbitmq.client.ShutdownSignalException;
import java.util.concurrent.CompletableFuture;

public final class HeartbeatBroker {
    private HeartbeatBroker() {}

    public static void main(String[] arguments) throws Exception {
        ConnectionFactory factory = factory();
        factory.setRequestedHeartbeat(1);
        scenario(factory, connection -> {
            CompletableFuture<ShutdownSignalException> closed = closed(connection);
            Thread.sleep(1500);
            equal(closed.isDone(), false);
            CompletableFuture<Recoverable> recovered = recovered(connection);
            control("/broker/freeze");
            equal(await(closed).getCause().getClass(), MissedHeartbeatException.class);

            control("/broker/thaw");
            await(recovered);
            equal(connection.createChannel().isOpen(), true);
        });
    }
}
