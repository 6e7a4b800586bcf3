package scenarios;

import static conformance.Support.equal;
import static conformance.Support.get;
import static conformance.Support.name;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;

public final class Tx {
    private Tx() {}

    private static Channel transactional(Connection connection) throws Exception {
        Channel channel = connection.createChannel();
        channel.txSelect();
        return channel;
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            String queue = name("tx");
            Channel watcher = connection.createChannel();
            watcher.queueDeclare(queue, false, false, false, null);
            Channel channel = transactional(connection);
            publish(channel, "", queue, "undone");
            channel.txRollback();
            equal(watcher.messageCount(queue), 0L);

            publish(channel, "", queue, "done");
            equal(watcher.messageCount(queue), 0L);
            channel.txCommit();
            equal(watcher.messageCount(queue), 1L);

            channel.basicAck(get(channel, queue, "done").getEnvelope().getDeliveryTag(), false);
            channel.txRollback();
            channel.close();
            equal(watcher.messageCount(queue), 1L);

            channel = transactional(connection);
            channel.basicAck(get(channel, queue, "done").getEnvelope().getDeliveryTag(), false);
            channel.txCommit();
            channel.close();
            equal(watcher.messageCount(queue), 0L);
            watcher.queueDelete(queue);
        });
    }
}
