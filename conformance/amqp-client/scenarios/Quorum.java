package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.consume;
import static conformance.Support.drained;
import static conformance.Support.dyingTo;
import static conformance.Support.equal;
import static conformance.Support.header;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.put;
import static conformance.Support.receive;
import static conformance.Support.refused;
import static conformance.Support.scenario;
import static conformance.Support.tag;
import static conformance.Support.told;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;

public final class Quorum {
    private static final Map<String, Object> QUORUM = Map.of("x-queue-type", "quorum");

    private Quorum() {}

    /** Sees that a quorum queue with such properties is refused. */
    private static void refuse(
            Connection connection, String property, boolean durable, boolean exclusive, boolean autoDelete)
            throws Exception {
        String queue = name("refused");
        String text = "PRECONDITION_FAILED - invalid property '" + property + "' for queue '" + queue + "'";
        refused(connection, 406, text + " in vhost '/'",
                channel -> channel.queueDeclare(queue, durable, exclusive, autoDelete, QUORUM));
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String queue = name("quorum");
            String dead = name("dead");
            channel.queueDeclare(dead, false, true, false, null);
            Map<String, Object> limited = dyingTo(dead, QUORUM);
            limited.put("x-delivery-limit", 2);
            channel.queueDeclare(queue, true, false, false, limited);
            put(channel, queue, null, "poison", "good");
            BlockingQueue<Delivery> jobs = consume(channel, queue, false);
            List<String> good = new ArrayList<>();
            List<String> poison = new ArrayList<>();
            while (good.size() + poison.size() < 4) {
                Delivery job = next(jobs);
                boolean isGood = new String(job.getBody()).equals("good");
                String seen = header(job, "x-delivery-count", "0") + " " + job.getEnvelope().isRedeliver();
                (isGood ? good : poison).add(seen);
                if (isGood) {
                    channel.basicAck(tag(job), false);
                } else {
                    channel.basicReject(tag(job), true);
                }
            }
            equal(good, List.of("0 false"));
            equal(poison, List.of("0 false", "1 true", "2 true"));
            Delivery message = receive(channel, dead, 1).get(0);
            equal(new String(message.getBody()), "poison");
            equal(told(message), "[" + queue + " delivery_limit 1]");
            equal(drained(channel, queue), List.of());
            equal(jobs.isEmpty(), true);
            channel.queueDelete(queue);

            refuse(connection, "non-durable", false, false, false);
            refuse(connection, "exclusive-owner", true, true, false);
            refuse(connection, "auto-delete", true, false, true);
            String ranked = name("ranked");
            String text = "PRECONDITION_FAILED - invalid arg 'x-max-priority' for queue '" + ranked + "'";
            Map<String, Object> priorities = Map.of("x-queue-type", "quorum", "x-max-priority", 5);
            refused(connection, 406, text + " in vhost '/' of queue type rabbit_quorum_queue",
                    other -> other.queueDeclare(ranked, true, false, false, priorities));
        });
    }
}
