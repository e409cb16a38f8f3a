import java.nio.file.Path;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;

/**
 * Runs ActiveMQ Artemis until standard input ends.
 *
 * <p>Argument: the path of broker.xml. The login modules come by the system property
 * java.security.auth.login.config; their realm is that of the bootstrap.xml which "artemis create"
 * writes. Says "ready" when it takes connections.
 */
public final class Artemis {
  public static void main(String[] args) throws Exception {
    EmbeddedActiveMQ broker =
        new EmbeddedActiveMQ()
            .setConfigResourcePath(Path.of(args[0]).toUri().toString())
            .setSecurityManager(new ActiveMQJAASSecurityManager("activemq"));
    broker.start();
    System.out.println("ready");
    while (System.in.read() >= 0) {}
    broker.stop();
    System.exit(0);
  }
}
