package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.headers;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.put;
import static conformance.Support.scenario;
import static conformance.Support.tag;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;

public final class MessageGroups {
    private MessageGroups() {}

    private static BlockingQueue<Delivery> work(Channel worker, String queue) throws Exception {
        worker.basicQos(1);
        return consume(worker, queue, false);
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String queue = name("groups");
            channel.queueDeclare(queue, false, true, false, Map.of("x-group-key", "customer"));
            Channel first = connection.createChannel();
            Channel second = connection.createChannel();
            BlockingQueue<Delivery> one = work(first, queue);
            BlockingQueue<Delivery> two = work(second, queue);
            for (String text : List.of("a1", "a2", "a3", "b1", "b2")) {
                put(channel, queue, headers(Map.of("customer", text.substring(0, 1))), text);
            }

            next(one, "a1");
            second.basicAck(tag(next(two, "b1")), false);
            second.basicAck(tag(next(two, "b2")), false);
            channel.queueDeclarePassive(queue);
            equal(two.isEmpty(), true);
            first.close();
            for (String text : List.of("a1", "a2", "a3")) {
                second.basicAck(tag(next(two, text)), false);
            }
        });
    }
}
