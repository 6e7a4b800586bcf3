package scenarios;

import static conformance.Support.close;
import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.receive;
import static conformance.Support.scenario;
import static conformance.Support.PATIENCE;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.ShutdownSignalException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

public final class ConsumerTimeout {
    private ConsumerTimeout() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel watcher = connection.createChannel();
            String queue = name("impatient");
            watcher.queueDeclare(queue, false, true, false, Map.of("x-consumer-timeout", 200));
            publish(watcher, "", queue, "held");
            Channel channel = connection.createChannel();
            CompletableFuture<ShutdownSignalException> shutdown = new CompletableFuture<>();
            channel.addShutdownListener(shutdown::complete);
            next(consume(channel, queue, false), "held");
            AMQP.Channel.Close close = close(shutdown.get(PATIENCE, TimeUnit.SECONDS));
            equal(close.getReplyCode(), AMQP.PRECONDITION_FAILED);
            String text = "PRECONDITION_FAILED - delivery acknowledgement on channel " + channel.getChannelNumber()
                    + " timed out. Timeout value used: 200 ms.";
            equal(close.getReplyText().startsWith(text), true);
            Delivery again = receive(watcher, queue, 1).get(0);
            equal(new String(again.getBody()), "held");
            equal(again.getEnvelope().isRedeliver(), true);
        });
    }
}
