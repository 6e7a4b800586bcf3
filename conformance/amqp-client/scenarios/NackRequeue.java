package scenarios;

import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.get;
import static conformance.Support.next;
import static conformance.Support.publish;
import static conformance.Support.scenario;
import static conformance.Support.texts;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;

public final class NackRequeue {
    private NackRequeue() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = connection.createChannel();
            String queue = exclusive(channel);
            for (int number = 0; number < 5; number++) {
                publish(channel, "", queue, String.valueOf(number));
            }

            for (int number = 0; number < 5; number++) {
                get(channel, queue, String.valueOf(number));
            }
            channel.basicNack(4, false, true);
            channel.basicReject(2, true);
            channel.basicReject(5, false);
            for (String text : List.of("1", "3")) {
                GetResponse again = get(channel, queue, text);
                equal(again.getEnvelope().isRedeliver(), true);
            }

            channel.basicNack(0, true, true);
            BlockingQueue<Delivery> deliveries = consume(channel, queue, false);
            List<Delivery> came = new ArrayList<>();
            for (int number = 0; number < 4; number++) {
                came.add(next(deliveries));
            }
            equal(texts(came), List.of("0", "1", "2", "3"));
            for (Delivery delivery : came) {
                equal(delivery.getEnvelope().isRedeliver(), true);
            }
            channel.basicCancel(queue);
            channel.basicRecover(true);
            for (int number = 0; number < 4; number++) {
                get(channel, queue, String.valueOf(number));
            }
            channel.basicNack(0, true, false);
            equal(channel.basicGet(queue, true), null);
        });
    }
}
