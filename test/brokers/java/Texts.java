import java.io.File;
import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Scanner;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Reads what is written for Java brokers with what Java itself reads it with. */
public final class Texts {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("xml")) {
      xml(args);
    } else {
      users(args[1]);
    }
  }

  /** For each XML file its leaves, as "path=text", and an empty line. */
  private static void xml(String[] args) throws Exception {
    DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    for (int i = 1; i < args.length; i++) {
      leaves(builder.parse(new File(args[i])).getDocumentElement(), "");
      System.out.println();
    }
  }

  private static void leaves(Element element, String above) {
    String path = above + "/" + element.getTagName();
    List<Element> children = new ArrayList<>();
    for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element) {
        children.add((Element) node);
      }
    }
    for (int i = 0; i < element.getAttributes().getLength(); i++) {
      Node attribute = element.getAttributes().item(i);
      System.out.println(path + "@" + attribute.getNodeName() + "=" + attribute.getNodeValue());
    }
    if (children.isEmpty() && element.getAttributes().getLength() == 0) {
      System.out.println(path + "=" + element.getTextContent());
    }
    children.forEach(child -> leaves(child, path));
  }

  /**
   * For each subject of standard input (DER, base64) the users of a properties file whose expression
   * matches it in the form that a certificate's getSubjectDN().getName() has.
   */
  private static void users(String path) throws Exception {
    Properties properties = new Properties();
    try (FileInputStream file = new FileInputStream(path)) {
      properties.load(file);
    }
    Map<String, Pattern> patterns = new TreeMap<>();
    properties.forEach(
        (user, value) -> {
          String text = (String) value;
          patterns.put((String) user, Pattern.compile(text.substring(1, text.length() - 1)));
        });
    Scanner subjects = new Scanner(System.in, StandardCharsets.UTF_8);
    while (subjects.hasNextLine()) {
      String subject = 
          new X500Principal(Base64.getDecoder().decode(subjects.nextLine())).toString();
      List<String> found = new ArrayList<>();
      patterns.forEach(
          (user, pattern) -> {
            if (pattern.matcher(subject).matches()) {
              found.add(user);
            }
          });
      System.out.println(String.join(" ", found));
    }
  }
}
