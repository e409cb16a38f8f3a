import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Verifies certificate chains by Java's PKIX trust manager. Reads one case a line from standard input: purpose, host
 * name (empty for none), file of the roots, file of the chain, file of the key, divided by tabs; answers one line each.
 */
public class VerifyChains {
  private static final char[] NO_PASSWORD = new char[0];

  public static void main(String[] args) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] fields = line.split("\t", -1);
      try {
        verify(fields[0], fields[1], fields[2], fields[3], fields[4]);
        System.out.println("accepted");
      } catch (Exception error) {
        System.out.println("refused: " + reasons(error));
      }
    }
  }

  private static void verify(String purpose, String host, String roots, String chain, String key) throws Exception {
    X509TrustManager trust = trustManager(certificates(roots));
    if (purpose.equals("client")) {
      trust.checkClientTrusted(certificates(chain).toArray(new X509Certificate[0]), "EC");
      return;
    }
    SSLContext server = SSLContext.getInstance("TLS");
    server.init(keyManagers(certificates(chain), privateKey(key)), null, null);
    SSLContext client = SSLContext.getInstance("TLS");
    client.init(null, new TrustManager[] {trust}, null);
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (SSLServerSocket listener =
            (SSLServerSocket) server.getServerSocketFactory().createServerSocket(0, 1, loopback);
        Socket plain = new Socket(loopback, listener.getLocalPort())) {
      Thread serving = new Thread(() -> serve(listener));
      serving.setDaemon(true);
      serving.start();
      // Over a socket that is open already, so that the name need not resolve.
      SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket(plain, host, listener.getLocalPort(), true);
      if (!host.isEmpty()) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
      }
      socket.startHandshake();
    }
  }

  private static void serve(SSLServerSocket listener) {
    try (SSLSocket socket = (SSLSocket) listener.accept()) {
      socket.startHandshake();
      socket.getInputStream().read();
    } catch (Exception refusedByClient) {
      // The client says why.
    }
  }

  private static X509TrustManager trustManager(List<X509Certificate> roots) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (int index = 0; index < roots.size(); index++) {
      store.setCertificateEntry("root" + index, roots.get(index));
    }
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(store, new X509CertSelector());
    parameters.setRevocationEnabled(false);
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(new CertPathTrustManagerParameters(parameters));
    return (X509TrustManager) factory.getTrustManagers()[0];
  }

  private static KeyManager[] keyManagers(List<X509Certificate> chain, PrivateKey key) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("key", key, NO_PASSWORD, chain.toArray(new Certificate[0]));
    KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private static List<X509Certificate> certificates(String file) throws Exception {
    byte[] pem = Files.readAllBytes(Path.of(file));
    return CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem)).stream()
        .map(X509Certificate.class::cast)
        .toList();
  }

  private static PrivateKey privateKey(String file) throws Exception {
    String body = Files.readString(Path.of(file)).replaceAll("-----[^-]+-----|\\s", "");
    return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
  }

  private static String reasons(Throwable error) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      text.append(cause).append("; ");
    }
    return text.toString().replaceAll("\\s+", " ");
  }
}
