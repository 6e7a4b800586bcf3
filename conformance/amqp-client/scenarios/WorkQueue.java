package scenarios;

import static conformance.Support.connect;
import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;

public final class WorkQueue {
    private WorkQueue() {}

    private static final String QUEUE = name("task_queue");

    private static void publish(Channel channel, String task) throws IOException {
        channel.basicPublish("", QUEUE, MessageProperties.PERSISTENT_TEXT_PLAIN, task.getBytes());
    }

    /** Consumes with prefetch 1 and acknowledges only when told to. */
    private static final class Worker {
        final Connection connection;
        final Channel channel;
        final BlockingQueue<Delivery> tasks;

        Worker() throws Exception {
            connection = connect();
            channel = connection.createChannel();
            channel.queueDeclare(QUEUE, true, false, false, null);
            channel.basicQos(1);
            tasks = consume(channel, QUEUE, false);
        }
    }

    public static void main(String[] arguments) {
        scenario(boss -> {
            Channel channel = boss.createChannel();
            channel.queueDeclare(QUEUE, true, false, false, null);

            Worker dropped = new Worker();
            Worker survivor = new Worker();
            publish(channel, "dangerous");
            Delivery lost = next(dropped.tasks);
            equal(new String(lost.getBody()), "dangerous");
            equal(lost.getEnvelope().isRedeliver(), false);
            dropped.connection.close();
            Delivery held = next(survivor.tasks);
            equal(new String(held.getBody()), "dangerous");
            equal(held.getEnvelope().isRedeliver(), true);

            Worker other = new Worker();
            for (int number = 0; number < 4; number++) {
                publish(channel, "quick " + number);
            }
            for (int number = 0; number < 4; number++) {
                Delivery task = next(other.tasks);
                equal(new String(task.getBody()), "quick " + number);
                other.channel.basicAck(task.getEnvelope().getDeliveryTag(), false);
            }

            survivor.channel.basicAck(held.getEnvelope().getDeliveryTag(), false);
            survivor.connection.close();
            other.connection.close();
            equal(channel.messageCount(QUEUE), 0L);
            channel.queueDelete(QUEUE);
        });
    }
}
