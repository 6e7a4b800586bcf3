package scenarios;

import static conformance.Support.equal;
import static conformance.Support.factory;
import static conformance.Support.scenario;

import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.ConnectionFactory;

public final class WrongPassword {
    private WrongPassword() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            ConnectionFactory factory = factory();
            factory.setPassword("wrong");
            try {
                factory.newConnection();
            } catch (AuthenticationFailureException refused) {
                equal(refused.getMessage().startsWith("ACCESS_REFUSED - Login was refused"), true);
                return;
            }
            throw new AssertionError("a wrong password was accepted");
        });
    }
}
