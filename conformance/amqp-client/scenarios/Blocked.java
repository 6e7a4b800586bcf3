package scenarios;

import static conformance.Support.PATIENCE;
import static conformance.Support.QUIET;
import static conformance.Support.connect;
import static conformance.Support.consume;
import static conformance.Support.control;
import static conformance.Support.equal;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public final class Blocked {
    private Blocked() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Connection publisher = connect();
            BlockingQueue<String> told = new LinkedBlockingQueue<>();
            publisher.addBlockedListener(told::add, () -> told.add("unblocked"));
            Channel outgoing = publisher.createChannel();
            Channel incoming = connection.createChannel();
            String queue = incoming.queueDeclare("", false, false, true, null).getQueue();
            publish(outgoing, "", queue, "before");
            BlockingQueue<Delivery> deliveries = consume(incoming, queue, true);
            next(deliveries, "before");

            control("/broker/block");
            publish(outgoing, "", queue, "meanwhile");
            equal(told.poll(PATIENCE, TimeUnit.SECONDS), "low on memory");
            equal(deliveries.poll(QUIET, TimeUnit.MILLISECONDS), null);
            equal(incoming.consumerCount(queue), 1L);

            control("/broker/unblock");
            equal(told.poll(PATIENCE, TimeUnit.SECONDS), "unblocked");
            next(deliveries, "meanwhile");
            publisher.close();
        });
    }
}
