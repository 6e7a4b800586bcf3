package scenarios;

import static conformance.Support.contains;
import static conformance.Support.equal;
import static conformance.Support.factory;
import static conformance.Support.lastWord;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;

public final class WrongVhost {
    private WrongVhost() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            ConnectionFactory factory = factory();
            factory.setVirtualHost("no such host");
            try {
                factory.newConnection();
            } catch (IOException refused) {
                AMQP.Connection.Close close = lastWord((ShutdownSignalException) refused.getCause());
                equal(close.getReplyCode(), AMQP.NOT_ALLOWED);
                contains(close.getReplyText(), "vhost no such host not found");
                return;
            }
            throw new AssertionError("a virtual host that does not exist was opened");
        });
    }
}
