import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
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
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Judges certificates by Java's PKIX trust manager in a handshake; c/cases.h says what is read and answered. */
public class Judge {
  private static final char[] NO_PASSWORD = new char[0];

  public static void main(String[] args) throws Exception {
    System.out.println("Java " + System.getProperty("java.version"));
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] fields = line.split("\t", -1);
      try {
        judge(fields[0].equals("server"), Integer.parseInt(fields[1]), fields[2], fields[3], fields[4], fields[5]);
        System.out.println("accepted");
      } catch (Exception error) {
        System.out.println("refused: " + reasons(error));
      }
    }
  }

  private static void judge(boolean isServer, int port, String host, String roots, String chain, String key)
      throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(chain.isEmpty() ? null : keyManagers(certificates(chain), privateKey(key)), trustManagers(roots), null);
    try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port)) {
      plain.setSoTimeout(10_000);
      // Over a socket that is open already, so that the name need not resolve.
      SSLSocket socket =
          isServer
              ? (SSLSocket) context.getSocketFactory().createSocket(plain, null, false)
              : (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, false);
      if (isServer) {
        socket.setUseClientMode(false);
        socket.setNeedClientAuth(true);
      } else {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
      }
      socket.startHandshake();
      // Closed at once with something unread, the connection would be reset, and what was just sent be lost.
      plain.shutdownOutput();
      plain.getInputStream().readAllBytes();
    }
  }

  private static TrustManager[] trustManagers(String roots) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    List<X509Certificate> anchors = certificates(roots);
    for (int index = 0; index < anchors.size(); index++) {
      store.setCertificateEntry("root" + index, anchors.get(index));
    }
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(store, new X509CertSelector());
    parameters.setRevocationEnabled(false);
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(new CertPathTrustManagerParameters(parameters));
    return factory.getTrustManagers();
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
    PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body));
    for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
      } catch (InvalidKeySpecException otherAlgorithm) {
        // PKCS#8 says which one; Java wants to be told.
      }
    }
    throw new IOException("own key: of no known algorithm");
  }

  private static String reasons(Throwable error) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      text.append(cause).append("; ");
    }
    return text.toString().replaceAll("\\s+", " ");
  }
}
