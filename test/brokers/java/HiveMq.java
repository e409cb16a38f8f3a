import com.hivemq.embedded.EmbeddedHiveMQ;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Runs HiveMQ CE until standard input ends.
 *
 * <p>Arguments: the folder with config.xml, and one for what it keeps. Says "ready" when it takes
 * connections. Embedded it lets in whoever TLS lets in, as the distribution does by its allow-all
 * extension.
 */
public final class HiveMq {
  public static void main(String[] args) throws Exception {
    Path extensions = Files.createDirectories(Path.of(args[1], "extensions"));
    EmbeddedHiveMQ broker =
        EmbeddedHiveMQ.builder()
            .withConfigurationFolder(Path.of(args[0]))
            .withDataFolder(Path.of(args[1]))
            .withExtensionsFolder(extensions)
            .withoutLoggingBootstrap()
            .build();
    broker.start().get();
    System.out.println("ready");
    while (System.in.read() >= 0) {}
    broker.stop().get();
    // Its pools keep the process for a minute otherwise.
    System.exit(0);
  }
}
