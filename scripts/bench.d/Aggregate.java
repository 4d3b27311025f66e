// What Kafka Streams takes for the joiner's work without its rules: the records of a complaint are brought together by their
// key, as bytes, without Avro, without routing and without deadlines. Each is written on at once (no cache), so that they can be
// counted.
//
//   java -cp 'streams/*' Aggregate.java BOOTSTRAP APPLICATION RAW PREDICTIONS OUT FOLDER aggregate|windowed [NAME=VALUE ...]

import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;

public class Aggregate {
  public static void main(String[] of) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, of[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, of[1]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, of[5]);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1_000);
    settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    for (int at = 7; at < of.length; at++) {
      String[] setting = of[at].split("=", 2);
      boolean isMemory = setting[1].equals("memory");
      settings.put(setting[0], isMemory ? BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class : setting[1]);
    }
    StreamsBuilder builder = new StreamsBuilder(new TopologyConfig(new StreamsConfig(settings)));
    Consumed<byte[], byte[]> bytes = Consumed.with(Serdes.ByteArray(), Serdes.ByteArray());
    KStream<byte[], byte[]> raw = builder.stream(of[2], bytes);
    KStream<byte[], byte[]> predictions = builder.stream(of[3], bytes);
    Produced<byte[], byte[]> out = Produced.with(Serdes.ByteArray(), Serdes.ByteArray());
    if (of[6].equals("windowed")) {
      StreamJoined<byte[], byte[], byte[]> stores =
          StreamJoined.with(Serdes.ByteArray(), Serdes.ByteArray(), Serdes.ByteArray());
      JoinWindows day = JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofDays(1));
      raw.join(predictions, Aggregate::joined, day, stores).to(of[4], out);
    } else {
      raw.merge(predictions)
          .groupByKey(Grouped.with(Serdes.ByteArray(), Serdes.ByteArray()))
          .aggregate(
              () -> new byte[0],
              (key, value, all) -> joined(all, value),
              Materialized.with(Serdes.ByteArray(), Serdes.ByteArray()))
          .toStream()
          .to(of[4], out);
    }
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(10))));
    streams.start();
  }

  private static byte[] joined(byte[] one, byte[] other) {
    byte[] both = new byte[one.length + other.length];
    System.arraycopy(one, 0, both, 0, one.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }
}
