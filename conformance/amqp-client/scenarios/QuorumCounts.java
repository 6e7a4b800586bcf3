package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.consume;
import static conformance.Support.drained;
import static conformance.Support.equal;
import static conformance.Support.header;
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

public final class QuorumCounts {
    private QuorumCounts() {}

    /** The tag of the next delivery, which failed and was handed out so often before. */
    private static long expect(BlockingQueue<Delivery> jobs, int failed, int acquired) throws Exception {
        Delivery job = next(jobs, "again");
        equal(header(job, "x-delivery-count", "0"), "" + failed);
        equal(header(job, "x-acquired-count", "0"), "" + acquired);
        return tag(job);
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String queue = name("counting");
            Map<String, Object> limited = Map.of("x-queue-type", "quorum", "x-delivery-limit", 1);
            channel.queueDeclare(queue, true, false, false, limited);
            put(channel, queue, null, "again");
            BlockingQueue<Delivery> jobs = consume(channel, queue, false);
            for (int acquired = 0; acquired < 3; acquired++) {
                channel.basicNack(expect(jobs, 0, acquired), false, true);
            }
            channel.basicReject(expect(jobs, 0, 3), true);
            channel.basicReject(expect(jobs, 1, 4), true);
            equal(drained(channel, queue), List.of());
            equal(jobs.isEmpty(), true);
            channel.queueDelete(queue);
        });
    }
}
