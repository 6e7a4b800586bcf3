package scenarios;

import static conformance.Support.equal;
import static conformance.Support.get;
import static conformance.Support.name;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import java.util.List;

public final class BasicGet {
    private BasicGet() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            String queue = name("polled");
            Channel channel = connection.createChannel();
            channel.queueDeclare(queue, false, false, false, null);
            equal(channel.basicGet(queue, true), null);

            for (String text : List.of("one", "two", "three")) {
                publish(channel, "", queue, text);
            }
            GetResponse one = channel.basicGet(queue, true);
            equal(new String(one.getBody()), "one");
            equal(one.getMessageCount(), 2);
            equal(one.getEnvelope().isRedeliver(), false);
            equal(one.getEnvelope().getExchange(), "");
            equal(one.getEnvelope().getRoutingKey(), queue);
            GetResponse two = get(channel, queue, "two");
            equal(two.getEnvelope().getDeliveryTag(), 2L);
            channel.basicAck(2, false);
            get(channel, queue, "three");
            equal(channel.basicGet(queue, true), null);
            channel.close();

            Channel again = connection.createChannel();
            GetResponse three = get(again, queue, "three");
            equal(three.getEnvelope().isRedeliver(), true);
            again.basicAck(three.getEnvelope().getDeliveryTag(), false);
            again.queueDelete(queue);
        });
    }
}
