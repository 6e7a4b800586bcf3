package scenarios;

import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.receive;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

public final class Bodies {
    private Bodies() {}

    private static final int[] SIZES = {
        0, 1, 4088, 4089, 131_064, 131_065, 2 * 131_064, 1_048_579, 5_000_000
    };

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = connection.createChannel();
            String queue = exclusive(channel);
            List<byte[]> sent = new ArrayList<>();
            for (int size : SIZES) {
                byte[] body = new byte[size];
                new Random(size).nextBytes(body);
                sent.add(body);
                channel.basicPublish("", queue, null, body);
            }

            List<Delivery> came = receive(channel, queue, sent.size());
            for (int index = 0; index < sent.size(); index++) {
                equal(came.get(index).getBody(), sent.get(index));
            }
        });
    }
}
