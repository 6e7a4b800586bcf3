package scenarios;

import static conformance.Support.bodies;
import static conformance.Support.close;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.publish;
import static conformance.Support.refused;
import static conformance.Support.scenario;
import static conformance.Support.PATIENCE;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

public final class ChannelException {
    private ChannelException() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            String missing = name("missing");
            Channel bystander = connection.createChannel();
            String queue = exclusive(bystander);

            Channel declaring = connection.createChannel();
            String text = refused(404, () -> declaring.queueDeclarePassive(missing));
            equal(text, "NOT_FOUND - no queue '" + missing + "' in vhost '/'");
            equal(declaring.isOpen(), false);

            Channel publishing = connection.createChannel();
            CompletableFuture<ShutdownSignalException> shutdown = new CompletableFuture<>();
            publishing.addShutdownListener(shutdown::complete);
            publish(publishing, missing, "", "lost");
            AMQP.Channel.Close close = close(shutdown.get(PATIENCE, TimeUnit.SECONDS));
            equal(close.getReplyCode(), AMQP.NOT_FOUND);
            equal(close.getReplyText(), "NOT_FOUND - no exchange '" + missing + "' in vhost '/'");
            equal(List.of(close.getClassId(), close.getMethodId()), List.of(60, 40));

            equal(connection.isOpen(), true);
            publish(bystander, "", queue, "still here");
            equal(bodies(bystander, queue, 1), List.of("still here"));
            connection.createChannel().close();
        });
    }
}
