package scenarios;

import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.publish;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import java.util.ArrayList;
import java.util.List;

public final class ManyChannels {
    private ManyChannels() {}

    private static final int CHANNELS = 1000;

    public static void main(String[] arguments) {
        scenario(connection -> {
            List<Channel> channels = new ArrayList<>();
            while (channels.size() < CHANNELS) {
                channels.add(connection.createChannel());
            }
            equal(channels.stream().map(Channel::getChannelNumber).distinct().count(), (long) CHANNELS);
            String queue = exclusive(channels.get(0));
            for (Channel channel : channels) {
                String text = String.valueOf(channel.getChannelNumber());
                publish(channel, "", queue, text);
                equal(new String(channel.basicGet(queue, true).getBody()), text);
            }
            for (Channel channel : channels) {
                channel.close();
            }
            equal(connection.createChannel().isOpen(), true);
        });
    }
}
