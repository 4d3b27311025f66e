package ombud.crm;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** The newest schema of a topic's values, with the id that the registry gave it. */
record Schema(int id, org.apache.avro.Schema avro) {
    /** Asks the registry. A producer only ever asks: {@code ombud setup} has registered the schema, and checked it. */
    static Schema newest(String registry, String topic) throws IOException, InterruptedException {
        var question = HttpRequest.newBuilder(URI.create(registry + "/subjects/" + topic + "-value/versions/latest"))
            .timeout(Duration.ofSeconds(10)).build();
        var client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
        var answer = client.send(question, BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("the registry answered " + answer.statusCode() + " to " + question.uri());
        }
        var found = new ObjectMapper().readTree(answer.body());
        var avro = new org.apache.avro.Schema.Parser().parse(found.get("schema").asText());
        return new Schema(found.get("id").asInt(), avro);
    }

    /** The wire format: a zero, the schema's id in 4 bytes, Avro. */
    byte[] frame(GenericRecord record) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var prefix = new DataOutputStream(bytes);
        prefix.writeByte(0);
        prefix.writeInt(id);
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(avro).write(record, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }
}
