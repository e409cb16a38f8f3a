import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Reads lines of a pattern and a text, each in base64, and says what Java makes of them: "!" where it does not take the
 * pattern, "-" where nothing matches, "0" where there is no group 1, "null" where it took no part, else the group in
 * base64.
 */
public final class NamePattern {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split(" ", 2);
            System.out.println(answer(decode(parts[0]), decode(parts[1])));
        }
    }

    private static String answer(String pattern, String text) {
        try {
            Matcher matcher = Pattern.compile(pattern).matcher(text);
            if (matcher.groupCount() < 1) {
                return "0";
            }
            if (!matcher.find()) {
                return "-";
            }
            String group = matcher.group(1);
            return group == null ? "null" : "=" + encode(group);
        } catch (PatternSyntaxException exception) {
            return "!";
        }
    }

    private static String decode(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
