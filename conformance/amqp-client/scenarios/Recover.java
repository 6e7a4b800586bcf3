package scenarios;

import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.scenario;
import static conformance.Support.tag;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.concurrent.BlockingQueue;

public final class Recover {
    private Recover() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = connection.createChannel();
            String queue = exclusive(channel);
            for (String text : List.of("1", "2", "3")) {
                publish(channel, "", queue, text);
            }
            BlockingQueue<Delivery> deliveries = consume(channel, queue, false);
            for (String text : List.of("1", "2", "3")) {
                Delivery first = next(deliveries, text);
                equal(first.getEnvelope().isRedeliver(), false);
                if (text.equals("2")) {
                    channel.basicAck(tag(first), false);
                }
            }

            channel.basicRecover(true);

            Delivery again = null;
            for (String text : List.of("1", "3")) {
                again = next(deliveries, text);
                equal(again.getEnvelope().isRedeliver(), true);
            }
            channel.basicAck(tag(again), true);
            channel.close();
            equal(connection.createChannel().messageCount(queue), 0L);
        });
    }
}
