package scenarios;

import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.scenario;
import static conformance.Support.PATIENCE;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;

public final class PublisherConfirms {
    private PublisherConfirms() {}

    private static void publishPersistent(Channel channel, String queue, String text)
            throws IOException {
        channel.basicPublish("", queue, MessageProperties.PERSISTENT_TEXT_PLAIN, text.getBytes());
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            String queue = name("confirms");
            Channel channel = connection.createChannel();
            channel.queueDeclare(queue, true, false, false, null);
            channel.confirmSelect();
            ConcurrentSkipListSet<Long> outstanding = new ConcurrentSkipListSet<>();
            AtomicInteger nacks = new AtomicInteger();
            channel.addConfirmListener(
                    (tag, multiple) -> {
                        if (multiple) {
                            outstanding.headSet(tag, true).clear();
                        } else {
                            outstanding.remove(tag);
                        }
                    },
                    (tag, multiple) -> nacks.incrementAndGet());

            for (int number = 0; number < 20; number++) {
                outstanding.add(channel.getNextPublishSeqNo());
                publishPersistent(channel, queue, "single " + number);
                channel.waitForConfirmsOrDie(PATIENCE * 1000);
            }
            equal(channel.messageCount(queue), 20L);

            for (int number = 0; number < 500; number++) {
                outstanding.add(channel.getNextPublishSeqNo());
                publishPersistent(channel, queue, "batch " + number);
            }
            channel.waitForConfirmsOrDie(PATIENCE * 1000);
            equal(channel.messageCount(queue), 520L);
            equal(outstanding.isEmpty(), true);

            publishPersistent(channel, name("nowhere"), "dropped");
            equal(channel.waitForConfirms(PATIENCE * 1000), true);
            equal(nacks.get(), 0);
            equal(channel.queueDelete(queue).getMessageCount(), 520);
        });
    }
}
