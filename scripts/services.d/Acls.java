// Runs the `kafka-acls` lines of stdin, as `ombud setup --export acls` prints them, in one process: Kafka's own command, once
// a line, some at a time. A shell would start a JVM for each.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.tools.AclCommand;

public class Acls {
    // A word of a shell's line: bare, or in single or double quotes.
    private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(\\S+)");

    // What the lines leave to variables.
    private static String value(String word, String bootstrap) {
        return switch (word) {
            case "$BOOTSTRAP" -> bootstrap;
            case "$ADMIN" -> "/dev/null";
            default -> word;
        };
    }

    // The words of a line behind the command's name.
    private static String[] words(String line, String bootstrap) {
        List<String> words = new ArrayList<>();
        for (Matcher word = WORD.matcher(line); word.find(); ) {
            String said = word.group(1) != null ? word.group(1) : word.group(2) != null ? word.group(2) : word.group(3);
            words.add(value(said, bootstrap));
        }
        if (!words.remove(0).equals("kafka-acls")) throw new IllegalArgumentException("no kafka-acls: " + line);
        return words.toArray(String[]::new);
    }

    public static void main(String[] given) throws Exception {
        List<String[]> commands = new ArrayList<>();
        var input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            if (!line.isBlank() && !line.startsWith("#")) commands.add(words(line, given[0]));
        }
        // Most of a run is waiting.
        var threads = Executors.newFixedThreadPool(8);
        List<Future<?>> runs = new ArrayList<>();
        // Ends this process, with what is wrong, where its parser or the broker refuses a line.
        for (String[] command : commands) runs.add(threads.submit(() -> AclCommand.main(command)));
        threads.shutdown();
        for (Future<?> run : runs) run.get();
    }
}
