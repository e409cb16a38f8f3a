import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.style.IETFUtils;

/** Reads common names in base64, a line each, and writes them as BouncyCastle hands them out, in base64 again. */
public final class CommonName {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String name = new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8);
            String shown = IETFUtils.valueToString(new DERUTF8String(name));
            System.out.println(Base64.getEncoder().encodeToString(shown.getBytes(StandardCharsets.UTF_8)));
        }
    }
}
