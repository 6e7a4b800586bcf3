package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.drain;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.get;
import static conformance.Support.name;
import static conformance.Support.put;
import static conformance.Support.refuseArgument;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import java.util.List;
import java.util.Map;

public final class Priorities {
    private Priorities() {}

    private static AMQP.BasicProperties priority(int priority) {
        return new AMQP.BasicProperties.Builder().priority(priority).build();
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String queue = name("priorities");
            channel.queueDeclare(queue, false, true, false, Map.of("x-max-priority", 5));
            put(channel, queue, null, "none");
            for (int number : new int[] {1, 3, 5, 9, 0}) {
                put(channel, queue, priority(number), "" + number);
            }
            put(channel, queue, priority(3), "3 again");
            equal(drained(channel, queue), List.of("5", "9", "3", "3 again", "1", "none", "0"));

            put(channel, queue, priority(1), "low");
            put(channel, queue, priority(4), "high", "higher");
            get(channel, queue, "high");
            get(channel, queue, "higher");
            long last = get(channel, queue, "low").getEnvelope().getDeliveryTag();
            channel.basicNack(last, true, true);
            List<GetResponse> again = drain(channel, queue);
            equal(again.stream().map(message -> new String(message.getBody())).toList(),
                    List.of("high", "higher", "low"));
            equal(again.stream().allMatch(message -> message.getEnvelope().isRedeliver()), true);

            refuseArgument(connection, "x-max-priority", 256, "{max_value_exceeded,256}");
            refuseArgument(connection, "x-max-priority", -1, "{value_negative,-1}");
            refuseArgument(connection, "x-max-priority", "5", "\"expected integer, got longstr\"");
        });
    }
}
