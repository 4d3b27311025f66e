package ombud.crm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Sends the complaints of a file of JSON lines to complaints.raw: FILE [BOOTSTRAP [REGISTRY [TOPIC]]].
 *
 * <p>The client's own partitioner is murmur2, so nothing has to be set for one complaint to stay in one partition.
 */
public final class Produce {
    private static final SecureRandom RANDOM = new SecureRandom();

    public static void main(String[] given) throws Exception {
        if (given.length == 0) {
            System.err.println("usage: FILE [BOOTSTRAP [REGISTRY [TOPIC]]]");
            System.exit(2);
        }
        // What `scripts/services env` exports, else where it starts servers by default.
        var exported = System.getenv();
        var bootstrap = given.length > 1 ? given[1] : exported.getOrDefault("OMBUD_KAFKA_BOOTSTRAP", "127.0.0.1:19092");
        var registry = given.length > 2
            ? given[2]
            : exported.getOrDefault("OMBUD_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7");
        var topic = given.length > 3 ? given[3] : "complaints.raw";

        var schema = Schema.newest(registry, topic);
        var json = new ObjectMapper();
        var sent = 0;
        var failed = new AtomicInteger();
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "acks", "all", "enable.idempotence", true);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
            for (var line : Files.readAllLines(Path.of(given[0]))) {
                if (line.isBlank()) {
                    continue;
                }
                var complaint = complaint(json.readTree(line), schema.avro());
                var id = complaint.get("complaint_id").toString();
                var record = new ProducerRecord<>(topic, id, schema.frame(complaint));
                record.headers().add("traceparent", traceparent().getBytes(StandardCharsets.US_ASCII));
                producer.send(record, (where, error) -> {
                    if (error != null) {
                        failed.incrementAndGet();
                        System.err.println(id + ": " + error);
                    }
                });
                sent++;
            }
        } // closing waits for the acknowledgements
        System.out.println(sent - failed.get() + " of " + sent + " complaints are durable in " + topic);
        if (failed.get() > 0) {
            System.exit(1);
        }
    }

    /** The line as a record; what it leaves out gets the schema's default. */
    private static GenericRecord complaint(JsonNode line, org.apache.avro.Schema schema) {
        var record = new GenericRecordBuilder(schema);
        for (var field : schema.getFields()) {
            var value = line.get(field.name());
            if (value != null && !value.isNull()) {
                record.set(field, value(field.name(), value));
            }
        }
        return record.build();
    }

    private static Object value(String field, JsonNode value) {
        return switch (field) {
            // Fill the second and the third once every worker knows them (docs/crm.md, "Changes of the schema").
            case "received_at", "regulator_sent_at", "notice_at" ->
                value.isNumber() ? value.asLong() : Instant.parse(value.asText()).toEpochMilli();
            case "submission" -> value.asInt();
            case "withdrawn", "bulk" -> value.asBoolean();
            case "attributes" -> {
                var attributes = new HashMap<String, String>();
                value.properties().forEach(entry -> attributes.put(entry.getKey(), entry.getValue().asText()));
                yield attributes;
            }
            default -> value.asText();
        };
    }

    /** Where the complaint's trace begins (W3C Trace Context); Ombud carries it to the routed record. */
    private static String traceparent() {
        var ids = new byte[24];
        RANDOM.nextBytes(ids);
        var hex = HexFormat.of().formatHex(ids);
        return "00-" + hex.substring(0, 32) + "-" + hex.substring(32) + "-01";
    }
}
