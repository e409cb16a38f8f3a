import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.Properties;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509KeyManager;

/**
 * Connects to an MQTT broker by a properties file as Eclipse Paho names its settings, with passwords from the variables
 * that the file names, and prints the code of the CONNACK. Arguments: file, port in the place of the one in there.
 *
 * <p>With {@code greeting} and {@code default} or {@code only} as third and fourth: sends nothing, and prints the line
 * that the server greets with; with Java's own key managers, or with one that always shows the only key.
 */
public class PropertiesClient {
  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(args[0]))) {
      properties.load(reader);
    }
    KeyStore keys = store(properties, "keyStore");
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store(properties, "trustStore"));
    SSLContext context = SSLContext.getInstance(properties.getProperty("com.ibm.ssl.protocol"));
    boolean byDefault = args.length > 3 && args[3].equals("default");
    context.init(
        byDefault
            ? defaultKeyManagers(keys, password(properties, "keyStore"))
            : new KeyManager[] {new OnlyKey(keys, password(properties, "keyStore"))},
        trust.getTrustManagers(),
        null);
    URI broker = URI.create(properties.getProperty("brokerUrl"));
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(broker.getHost(), Integer.parseInt(args[1]))) {
      socket.setSoTimeout(20_000);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      if (args.length > 2) {
        System.out.println(new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine());
        return;
      }
      socket.getOutputStream().write(connect(properties.getProperty("clientId")));
      socket.getOutputStream().flush();
      byte[] answer = new byte[4];
      new DataInputStream(socket.getInputStream()).readFully(answer);
      System.out.println(socket.getSession().getProtocol() + " CONNACK " + answer[3]);
    }
  }

  private static KeyManager[] defaultKeyManagers(KeyStore keys, char[] password) throws Exception {
    KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keys, password);
    return factory.getKeyManagers();
  }

  private static char[] password(Properties properties, String store) {
    return System.getenv(properties.getProperty(store + "PasswordVariable")).toCharArray();
  }

  private static KeyStore store(Properties properties, String name) throws Exception {
    KeyStore store = KeyStore.getInstance(properties.getProperty("com.ibm.ssl." + name + "Type"));
    try (InputStream file = new FileInputStream(properties.getProperty("com.ibm.ssl." + name))) {
      store.load(file, password(properties, name));
    }
    return store;
  }

  /** A CONNECT of MQTT 3.1.1 with a clean session. */
  private static byte[] connect(String clientId) throws Exception {
    byte[] id = clientId.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream packet = new ByteArrayOutputStream();
    packet.write(0x10);
    packet.write(12 + id.length);
    packet.write(new byte[] {0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, (byte) id.length});
    packet.write(id);
    return packet.toByteArray();
  }

  /** Shows the only key, whatever CAs the broker names in its request: ThingsBoard names none of the devices'. */
  private static class OnlyKey implements X509KeyManager {
    private final KeyStore store;
    private final char[] password;
    private final String alias;

    OnlyKey(KeyStore store, char[] password) throws Exception {
      this.store = store;
      this.password = password;
      this.alias = Collections.list(store.aliases()).get(0);
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return alias;
    }

    @Override
    public X509Certificate[] getCertificateChain(String name) {
      try {
        java.security.cert.Certificate[] chain = store.getCertificateChain(name);
        X509Certificate[] result = new X509Certificate[chain.length];
        System.arraycopy(chain, 0, result, 0, chain.length);
        return result;
      } catch (Exception error) {
        throw new IllegalStateException(error);
      }
    }

    @Override
    public PrivateKey getPrivateKey(String name) {
      try {
        return (PrivateKey) store.getKey(name, password);
      } catch (Exception error) {
        throw new IllegalStateException(error);
      }
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[] {alias};
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return null;
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return null;
    }
  }
}
