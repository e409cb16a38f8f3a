import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Security;
import java.security.UnrecoverableEntryException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8DecryptorProviderBuilder;
import org.bouncycastle.openssl.jcajce.JcePEMDecryptorProviderBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.pkcs.PKCSException;

/**
 * What ThingsBoard and TBMQ do with the files of an MQTT server: read them with BouncyCastle or as a key store, keep key
 * and chain in a Java key store, and serve TLS with it, asking for a client's certificate without insisting on one.
 *
 * <p>Reads one order a line from standard input, its fields divided by tabs, each in base64 but for the first, and
 * answers one line each: {@code starts PORT}, {@code refused: WHY}, or {@code stopped}.
 *
 * <p>{@code pem PRODUCT CERTIFICATE-FILE KEY-FILE KEY-PASSWORD}; {@code keystore PRODUCT TYPE FILE STORE-PASSWORD
 * KEY-PASSWORD ALIAS}; {@code stop PORT}. A product is {@code THINGSBOARD} or {@code TBMQ}.
 *
 * <p>Whoever shakes hands at the port is told, in a line, the version of TLS, the number of certificates it has shown,
 * and the id that ThingsBoard gives the first of them.
 */
public class ThingsBoardLoader {
  private static final Map<Integer, ServerSocket> SERVERS = new HashMap<>();

  public static void main(String[] args) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    System.out.printf(
        "Java %s (%s), BouncyCastle %s%n",
        System.getProperty("java.version"),
        System.getProperty("java.vendor"),
        Security.getProvider(BouncyCastleProvider.PROVIDER_NAME).getVersionStr());
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      System.out.println(answer(line.split("\t", -1)));
    }
    System.exit(0);
  }

  private static String answer(String[] encoded) {
    String[] fields = new String[encoded.length];
    for (int index = 1; index < encoded.length; index++) {
      fields[index] = new String(Base64.getDecoder().decode(encoded[index]), StandardCharsets.UTF_8);
    }
    try {
      switch (encoded[0]) {
        case "pem":
          return "starts " + serve(fields[1], pem(fields[1], fields[2], fields[3], fields[4]), fields[4], "server");
        case "keystore":
          return "starts "
              + serve(fields[1], keyStore(fields[2], fields[3], fields[4]), fields[5], fields[6]);
        default:
          SERVERS.remove(Integer.valueOf(fields[1])).close();
          return "stopped";
      }
    } catch (Exception error) {
      return "refused: " + reasons(error);
    }
  }

  /** Certificates and key of PEM files, as they end up in a key store. */
  private static KeyStore pem(String product, String certificateFile, String keyFile, String password)
      throws IOException, GeneralSecurityException {
    Loaded loaded = new Loaded(product.equals("TBMQ"), password.toCharArray());
    loaded.read(certificateFile, true);
    if (loaded.key == null && !keyFile.isEmpty() && Files.exists(Path.of(keyFile))) {
      loaded.read(keyFile, false);
    }
    if (loaded.certificates.isEmpty()) {
      throw new IllegalArgumentException("No certificates found");
    }
    if (loaded.key == null) {
      throw new IllegalArgumentException("Unable to load private key");
    }
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    if (product.equals("TBMQ")) {
      // By these it recognizes clients.
      int number = 0;
      for (X509Certificate anchor : new LinkedHashSet<>(loaded.certificates)) {
        store.setCertificateEntry("root-" + number++, anchor);
      }
    }
    List<? extends Certificate> path =
        CertificateFactory.getInstance("X.509").generateCertPath(loaded.certificates).getCertificates();
    store.setKeyEntry("server", loaded.key, password.toCharArray(), path.toArray(new Certificate[0]));
    return store;
  }

  /** What is found in PEM files, of one after the other. */
  private static class Loaded {
    final List<X509Certificate> certificates = new ArrayList<>();
    PrivateKey key;
    private final boolean encryptedPkcs8;
    private final char[] password;
    private final JcaPEMKeyConverter converter = new JcaPEMKeyConverter();

    Loaded(boolean encryptedPkcs8, char[] password) {
      this.encryptedPkcs8 = encryptedPkcs8;
      this.password = password;
    }

    /** The certificate file is read to its end, and its last key counts; a key file up to its first pair of keys. */
    void read(String file, boolean withCertificates) throws IOException, CertificateException {
      try (PEMParser parser = new PEMParser(new StringReader(text(file)))) {
        for (Object found = parser.readObject(); found != null; found = parser.readObject()) {
          if (found instanceof X509CertificateHolder && withCertificates) {
            certificates.add(new JcaX509CertificateConverter().getCertificate((X509CertificateHolder) found));
          } else if (take(found) && !withCertificates) {
            return;
          }
        }
      }
    }

    /** Whether it is a pair of keys. */
    private boolean take(Object found) throws IOException {
      if (found instanceof PrivateKeyInfo) {
        key = converter.getPrivateKey((PrivateKeyInfo) found);
        return false;
      }
      if (found instanceof PKCS8EncryptedPrivateKeyInfo && encryptedPkcs8) {
        try {
          key =
              converter.getPrivateKey(
                  ((PKCS8EncryptedPrivateKeyInfo) found)
                      .decryptPrivateKeyInfo(new JceOpenSSLPKCS8DecryptorProviderBuilder().build(password)));
        } catch (OperatorCreationException | PKCSException logged) {
          // It goes on without, and then finds that it has none.
        }
        return false;
      }
      if (found instanceof PEMEncryptedKeyPair) {
        found =
            ((PEMEncryptedKeyPair) found).decryptKeyPair(new JcePEMDecryptorProviderBuilder().build(password));
      }
      if (found instanceof PEMKeyPair) {
        key = converter.getKeyPair((PEMKeyPair) found).getPrivate();
        return true;
      }
      return false;
    }
  }

  private static String text(String file) throws IOException {
    // As an InputStreamReader does: what is no UTF-8 is replaced, not refused.
    return new String(Files.readAllBytes(Path.of(file)), StandardCharsets.UTF_8);
  }

  private static KeyStore keyStore(String type, String file, String password)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(type);
    store.load(new ByteArrayInputStream(Files.readAllBytes(Path.of(file))), password.toCharArray());
    return store;
  }

  /** Takes the key out of the store, at which a start may fail, and answers the port at which there is TLS. */
  private static int serve(String product, KeyStore store, String keyPassword, String alias)
      throws IOException, GeneralSecurityException {
    char[] password = keyPassword.toCharArray();
    KeyStore.PrivateKeyEntry entry = null;
    for (String name : alias.isEmpty() ? Collections.list(store.aliases()) : List.of(alias)) {
      entry = entry == null ? privateKey(store, name, password) : entry;
    }
    if (entry == null) {
      throw new IllegalArgumentException("Failed to get private key");
    }
    if (entry.getCertificateChain().length == 0) {
      throw new IllegalArgumentException("certificates missing");
    }
    ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    SERVERS.put(server.getLocalPort(), server);
    inBackground(() -> accept(server, product, store, password));
    return server.getLocalPort();
  }

  private static KeyStore.PrivateKeyEntry privateKey(KeyStore store, String alias, char[] password)
      throws GeneralSecurityException {
    try {
      return store.entryInstanceOf(alias, KeyStore.PrivateKeyEntry.class)
          ? (KeyStore.PrivateKeyEntry) store.getEntry(alias, new KeyStore.PasswordProtection(password))
          : null;
    } catch (UnrecoverableEntryException otherPassword) {
      return null;
    }
  }

  private static void accept(ServerSocket server, String product, KeyStore store, char[] password) throws Exception {
    SSLContext context = null;
    while (true) {
      Socket plain = server.accept();
      try {
        // At the first connection, not at the start.
        context = context == null ? context(product, store, password) : context;
        SSLContext made = context;
        inBackground(() -> shakeHands(made, plain));
      } catch (GeneralSecurityException error) {
        plain.close();
      }
    }
  }

  private static SSLContext context(String product, KeyStore store, char[] password) throws GeneralSecurityException {
    KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keyManagers.init(store, password);
    TrustManagerFactory trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trustManagers.init(store);
    X509TrustManager pkix = (X509TrustManager) trustManagers.getTrustManagers()[0];
    SSLContext context = SSLContext.getInstance("TLSv1.2");
    context.init(
        keyManagers.getKeyManagers(), new TrustManager[] {new Clients(pkix, product.equals("TBMQ"))}, null);
    return context;
  }

  /** Who of the clients that show certificates is let in. */
  private static class Clients implements X509TrustManager {
    private final X509TrustManager pkix;
    private final boolean validates;

    Clients(X509TrustManager pkix, boolean validates) {
      this.pkix = pkix;
      this.validates = validates;
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return pkix.getAcceptedIssuers();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
      throw new CertificateException("a server has no servers");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
      if (validates) {
        pkix.checkClientTrusted(chain, type);
        return;
      }
      // ThingsBoard wants each certificate signed by the next one, and looks the rest up in its database.
      for (int index = 1; index < chain.length; index++) {
        try {
          chain[index - 1].verify(chain[index].getPublicKey());
        } catch (GeneralSecurityException error) {
          throw new CertificateException("certificate " + index + " did not sign the one before it", error);
        }
      }
    }
  }

  private static void shakeHands(SSLContext context, Socket plain) throws Exception {
    plain.setSoTimeout(20_000);
    try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, null, true)) {
      socket.setUseClientMode(false);
      socket.setWantClientAuth(true);
      socket.setEnabledProtocols(socket.getSupportedProtocols());
      socket.setEnabledCipherSuites(socket.getSupportedCipherSuites());
      socket.startHandshake();
      OutputStream output = socket.getOutputStream();
      output.write((socket.getSession().getProtocol() + " " + shown(socket) + "\n").getBytes(StandardCharsets.US_ASCII));
      output.flush();
      // Closed at once with something unread, the connection would be reset, and what was just written be lost.
      socket.shutdownOutput();
      plain.getInputStream().readAllBytes();
    }
  }

  /** How many certificates the client has shown, and under which id ThingsBoard looks for the first. */
  private static String shown(SSLSocket socket) throws GeneralSecurityException {
    try {
      Certificate[] chain = socket.getSession().getPeerCertificates();
      String text = Base64.getEncoder().encodeToString(chain[0].getEncoded());
      byte[] id = MessageDigest.getInstance("SHA3-256").digest(text.getBytes(StandardCharsets.US_ASCII));
      return chain.length + " " + HexFormat.of().formatHex(id);
    } catch (SSLPeerUnverifiedException none) {
      return "0 -";
    }
  }

  private interface Action {
    void run() throws Exception;
  }

  private static void inBackground(Action action) {
    Thread thread =
        new Thread(
            () -> {
              try {
                action.run();
              } catch (Exception ended) {
                // The client is told by TLS; a server that was stopped has nothing to say.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private static String reasons(Throwable error) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      text.append(cause).append("; ");
    }
    return text.toString().replaceAll("\\s+", " ");
  }
}
