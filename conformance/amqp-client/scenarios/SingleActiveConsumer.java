package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.connect;
import static conformance.Support.consume;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.put;
import static conformance.Support.refuseArgument;
import static conformance.Support.scenario;
import static conformance.Support.tag;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.util.Map;
import java.util.concurrent.BlockingQueue;

public final class SingleActiveConsumer {
    private SingleActiveConsumer() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            Connection other = connect();
            Channel channel = confirming(connection);
            String queue = name("single");
            channel.queueDeclare(queue, false, false, true, Map.of("x-single-active-consumer", true));
            Channel active = connection.createChannel();
            Channel successor = connection.createChannel();
            Channel last = other.createChannel();
            active.basicQos(2);
            BlockingQueue<Delivery> atActive = consume(active, queue, false);
            BlockingQueue<Delivery> atSuccessor = consume(successor, queue, false);
            BlockingQueue<Delivery> atLast = consume(last, queue, false);
            put(channel, queue, null, "1", "2");
            Delivery first = next(atActive, "1");
            Delivery second = next(atActive, "2");
            equal(atSuccessor.isEmpty(), true);

            active.basicCancel(queue);
            put(channel, queue, null, "3");
            next(atSuccessor, "3");
            active.basicReject(tag(second), true);
            equal(next(atSuccessor, "2").getEnvelope().isRedeliver(), true);
            active.basicAck(tag(first), false);

            equal(atLast.isEmpty(), true);
            successor.close();
            equal(next(atLast, "2").getEnvelope().isRedeliver(), true);
            Delivery third = next(atLast, "3");
            equal(third.getEnvelope().isRedeliver(), true);
            last.basicAck(tag(third), true);
            put(channel, queue, null, "4");
            next(atLast, "4");

            refuseArgument(connection, "x-single-active-consumer", "true", "{unacceptable_type,longstr}");
            other.close();
        });
    }
}
