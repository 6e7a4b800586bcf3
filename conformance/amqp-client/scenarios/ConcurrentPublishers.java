package scenarios;

import static conformance.Support.PATIENCE;
import static conformance.Support.bodies;
import static conformance.Support.confirming;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

public final class ConcurrentPublishers {
    private ConcurrentPublishers() {}

    private static final int PUBLISHERS = 8;
    private static final int MESSAGES = 250;

    /** What a publisher does in its thread, on a channel of its own, as channels are not to be shared. */
    private static Void publishAll(Connection connection, String queue, int number) throws Exception {
        Channel channel = confirming(connection);
        for (int message = 0; message < MESSAGES; message++) {
            publish(channel, "", queue, number + " " + message);
        }
        channel.waitForConfirmsOrDie(PATIENCE * 1000);
        return null;
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = connection.createChannel();
            String queue = exclusive(channel);
            ExecutorService threads = Executors.newFixedThreadPool(PUBLISHERS);
            List<Callable<Void>> publishers = new ArrayList<>();
            for (int publisher = 0; publisher < PUBLISHERS; publisher++) {
                int number = publisher;
                publishers.add(() -> publishAll(connection, queue, number));
            }
            for (Future<Void> finished : threads.invokeAll(publishers)) {
                finished.get();
            }

            List<String> received = bodies(channel, queue, PUBLISHERS * MESSAGES);
            for (int publisher = 0; publisher < PUBLISHERS; publisher++) {
                String number = publisher + " ";
                equal(received.stream().filter(text -> text.startsWith(number)).toList(),
                        IntStream.range(0, MESSAGES).mapToObj(message -> number + message).toList());
            }
        });
    }
}
