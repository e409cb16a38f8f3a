import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * Uses key stores as a Java program does. Reads one case a line from standard input, its fields divided by tabs, and
 * answers one line each. A store is three fields: type, file, password.
 *
 * <p>{@code list STORE} answers the entries, a key only after it signed something its certificate verifies.
 *
 * <p>{@code handshake VERSION HOST SERVER-KEY SERVER-TRUST CLIENT-KEY CLIENT-TRUST} lets a client and a server, each of
 * which asks for the other's certificate, exchange one octet each way.
 */
public class Keystores {
  public static void main(String[] args) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, "US-ASCII"));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] fields = line.split("\t", -1);
      try {
        System.out.println(fields[0].equals("list") ? list(new Store(fields, 1)) : shakeHands(fields));
      } catch (Exception error) {
        System.out.println("refused: " + reasons(error));
      }
    }
  }

  private static class Store {
    final KeyStore content;
    final char[] password;

    Store(String[] fields, int start) throws Exception {
      content = KeyStore.getInstance(fields[start]);
      password = fields[start + 2].toCharArray();
      try (InputStream file = Files.newInputStream(Path.of(fields[start + 1]))) {
        content.load(file, password);
      }
    }
  }

  private static String list(Store store) throws Exception {
    List<String> entries = new ArrayList<>();
    for (String alias : Collections.list(store.content.aliases())) {
      Key key = store.content.getKey(alias, store.password);
      if (key instanceof PrivateKey) {
        Certificate[] chain = store.content.getCertificateChain(alias);
        entries.add("key=" + alias + "=" + chain.length + "=" + (signs((PrivateKey) key, chain[0]) ? "signs" : "wrong"));
      } else if (store.content.isCertificateEntry(alias) && store.content.getCertificate(alias) != null) {
        entries.add("trusted=" + alias);
      }
    }
    return String.join("\t", entries);
  }

  private static boolean signs(PrivateKey key, Certificate certificate) throws Exception {
    String algorithm =
        key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "EdDSA";
    byte[] text = "text".getBytes("US-ASCII");
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(key);
    signer.update(text);
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(certificate.getPublicKey());
    verifier.update(text);
    return verifier.verify(signer.sign());
  }

  private static String shakeHands(String[] fields) throws Exception {
    SSLContext server = context(new Store(fields, 3), new Store(fields, 6));
    SSLContext client = context(new Store(fields, 9), new Store(fields, 12));
    String[] versions = {fields[1]};
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (SSLServerSocket listener = (SSLServerSocket) server.getServerSocketFactory().createServerSocket(0, 1, loopback);
        Socket plain = new Socket(loopback, listener.getLocalPort())) {
      plain.setSoTimeout(20_000);
      FutureTask<String> serving =
          run(
              () -> {
                try (SSLSocket socket = (SSLSocket) listener.accept()) {
                  socket.setSoTimeout(20_000);
                  socket.setNeedClientAuth(true);
                  socket.setEnabledProtocols(versions);
                  int octet = socket.getInputStream().read();
                  socket.getOutputStream().write(octet);
                  return socket.getSession().getPeerPrincipal().getName();
                }
              });
      String served = answer(
          run(
              () -> {
                // Over a socket that is open already, so that the name need not resolve.
                try (SSLSocket socket =
                    (SSLSocket) client.getSocketFactory().createSocket(plain, fields[2], plain.getPort(), true)) {
                  SSLParameters parameters = socket.getSSLParameters();
                  parameters.setEndpointIdentificationAlgorithm("HTTPS");
                  parameters.setProtocols(versions);
                  socket.setSSLParameters(parameters);
                  socket.getOutputStream().write(42);
                  // With TLS 1.3 a client learns here at last whether it was taken.
                  if (socket.getInputStream().read() != 42) {
                    throw new IllegalStateException("no answer");
                  }
                  return socket.getSession().getPeerPrincipal().getName();
                }
              }));
      return "client: " + served + "\tserver: " + answer(serving);
    }
  }

  private static FutureTask<String> run(Callable<String> action) {
    FutureTask<String> task = new FutureTask<>(action);
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
    return task;
  }

  private static String answer(FutureTask<String> task) throws Exception {
    try {
      return task.get();
    } catch (ExecutionException error) {
      return "refused: " + reasons(error.getCause());
    }
  }

  private static SSLContext context(Store keys, Store trusted) throws Exception {
    KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keyManagers.init(keys.content, keys.password);
    TrustManagerFactory trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trustManagers.init(trusted.content);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
    return context;
  }

  private static String reasons(Throwable error) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      text.append(cause).append("; ");
    }
    return text.toString().replaceAll("\\s+", " ");
  }
}
