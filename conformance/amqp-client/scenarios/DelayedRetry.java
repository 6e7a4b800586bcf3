package scenarios;

import static conformance.Support.scenario;

import conformance.Retry;

public final class DelayedRetry {
    private DelayedRetry() {}

    public static void main(String[] arguments) {
        scenario(connection -> Retry.retry(connection, "quorum"));
    }
}
