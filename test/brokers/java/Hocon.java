import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import java.io.File;

/** Reads HOCON files and writes each as JSON on a line of its own. Arguments: their paths. */
public final class Hocon {
  public static void main(String[] args) {
    for (String path : args) {
      System.out.println(
          ConfigFactory.parseFile(new File(path))
              .resolve()
              .root()
              .render(ConfigRenderOptions.concise()));
    }
  }
}
